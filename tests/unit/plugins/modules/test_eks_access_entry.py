"""Access entries have exactly the policies that they are given."""

from __future__ import annotations

from support.eks_members import CLUSTER
from support.emulator import Aws
from support.lifecycle import TAGS, Life, World

ACCESS = "arn:aws:eks::aws:cluster-access-policy/"


def test_an_access_entry_has_exactly_its_policies(cluster: World) -> None:
    who = "arn:aws:iam::000000000000:role/engineers"
    admin = {"policy_arn": f"{ACCESS}AmazonEKSClusterAdminPolicy"}
    edit = {"policy_arn": f"{ACCESS}AmazonEKSEditPolicy", "namespaces": ["rag"]}
    entry = {"principal_arn": who, "policies": [admin, edit], "tags": TAGS}

    def exchange(aws: Aws) -> None:
        eks, which = aws.client("eks"), {"clusterName": CLUSTER, "principalArn": who}
        eks.disassociate_access_policy(**which, policyArn=edit["policy_arn"])
        eks.associate_access_policy(
            **which,
            policyArn=f"{ACCESS}AmazonEKSAdminPolicy",
            accessScope={"type": "cluster"},
        )

    Life(cluster, "eks_access_entry", {"cluster": CLUSTER, "entries": [entry]}).whole([exchange])
