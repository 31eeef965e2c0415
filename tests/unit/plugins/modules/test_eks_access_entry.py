"""Access entries have exactly the policies that they are given."""

from __future__ import annotations

from support.drifts import named
from support.drifts.eks import DRIFTS, OPERATORS, POLICIES
from support.eks_members import CLUSTER
from support.lifecycle import TAGS, Life, World


def test_an_access_entry_has_exactly_its_policies(cluster: World) -> None:
    admin = {"policy_arn": f"{POLICIES}AmazonEKSClusterAdminPolicy"}
    edit = {"policy_arn": f"{POLICIES}AmazonEKSEditPolicy", "namespaces": ["rag"]}
    entry = {"principal_arn": OPERATORS, "policies": [admin, edit], "tags": TAGS}

    exchange = named("policy of an access entry exchanged", DRIFTS["eks_access_entry"]).on(CLUSTER)
    Life(cluster, "eks_access_entry", {"cluster": CLUSTER, "entries": [entry]}).whole([exchange])
