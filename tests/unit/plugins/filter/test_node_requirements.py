"""What a pool of Karpenter's asks of machines."""

from __future__ import annotations

from ansible_collections.ragops.platform.plugins.module_utils._karpenter.pools import requirements


def test_a_pool_that_says_nothing_takes_what_runs_our_images() -> None:
    assert requirements({"name": "general"}) == [
        {"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]},
        {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]},
        {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["on-demand"]},
        {
            "key": "karpenter.k8s.aws/instance-category",
            "operator": "In",
            "values": ["c", "m", "r"],
        },
        {"key": "karpenter.k8s.aws/instance-generation", "operator": "Gt", "values": ["4"]},
    ]


def test_what_a_pool_says_is_what_it_asks_for() -> None:
    own = {"key": "karpenter.k8s.aws/instance-cpu", "operator": "Lt", "values": ["17"]}
    found = requirements(
        {
            "architectures": ["arm64"],
            "capacity_types": ["spot", "on-demand"],
            "instance_categories": ["m"],
            "minimum_generation": 7,
            "instance_families": ["m7g"],
            "requirements": [own],
        }
    )
    assert {each["key"]: each["values"] for each in found} == {
        "kubernetes.io/os": ["linux"],
        "kubernetes.io/arch": ["arm64"],
        "karpenter.sh/capacity-type": ["spot", "on-demand"],
        "karpenter.k8s.aws/instance-category": ["m"],
        "karpenter.k8s.aws/instance-generation": ["6"],
        "karpenter.k8s.aws/instance-family": ["m7g"],
        own["key"]: own["values"],
    }
    assert found[-1] == own
