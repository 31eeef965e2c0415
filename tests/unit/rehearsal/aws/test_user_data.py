"""What a machine learns of its node by an instance's user data."""

from __future__ import annotations

import base64

from rehearsal.aws.eks.scaling_instances import user_data
from rehearsal.machines.user_data import kubelet_of

PART = """
apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  kubelet:
    config:
      registerWithTaints: [{key: team, effect: NoExecute}]
    flags: ["--node-labels=a=1", "--register-with-taints=b=2:NoSchedule,c=:NoSchedule", --v=2]
"""


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_a_node_of_a_group_is_told_its_labels_and_taints() -> None:
    group = {
        "nodegroupName": "milvus",
        "clusterName": "ragops-dev",
        "capacityType": "SPOT",
        "labels": {"workload": "milvus"},
        "taints": [{"key": "workload", "value": "milvus", "effect": "NO_SCHEDULE"}],
    }
    assert kubelet_of(user_data(group)) == (
        {
            "eks.amazonaws.com/capacityType": "SPOT",
            "eks.amazonaws.com/nodegroup": "milvus",
            "workload": "milvus",
        },
        ["workload=milvus:NoSchedule"],
    )


def test_user_data_may_be_a_config_alone() -> None:
    taints = ["b=2:NoSchedule", "c=:NoSchedule", "team=:NoExecute"]
    assert kubelet_of(encoded(PART)) == ({"a": "1"}, taints)


def test_labels_may_be_in_quotes_as_karpenter_writes_them() -> None:
    text = PART.replace('"--node-labels=a=1"', """'--node-labels="a=1,b=2"'""")
    assert kubelet_of(encoded(text))[0] == {"a": "1", "b": "2"}


def test_later_parts_of_a_message_add_to_earlier_ones() -> None:
    head = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=xx\n"
    parts = [
        ("application/node.eks.aws", PART),
        ("text/x-shellscript", "#!/bin/sh\necho kind: NodeConfig"),
        ("application/node.eks.aws", PART.replace("a=1", "a=3,d=4")),
    ]
    body = "".join(f"\n--xx\nContent-Type: {kind}\n\n{text}" for kind, text in parts)
    assert kubelet_of(encoded(f"{head}{body}\n--xx--\n"))[0] == {"a": "3", "d": "4"}


def test_other_user_data_say_nothing() -> None:
    assert kubelet_of("") == ({}, [])
    assert kubelet_of(encoded("#!/bin/sh\necho hello")) == ({}, [])
