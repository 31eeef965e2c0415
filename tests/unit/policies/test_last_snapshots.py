"""docs/iam/last_snapshots.json: what a destroy that keeps data needs beside destroy.json."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.deciding import Account, attempt, deciding
from support.published_policies import filled

NAME = "ragops-prod"
OURS = {"Project": "ragops", "Environment": "prod", "ManagedBy": "ragops.platform"}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An account with a database and a cache of the platform."""
    tags = [{"Key": key, "Value": value} for key, value in OURS.items()]
    with deciding(tmp_path_factory.mktemp("last-snapshots")) as served:
        served.client("rds").create_db_instance(
            DBInstanceIdentifier=NAME,
            DBInstanceClass="db.t3.micro",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername="ragops",
            MasterUserPassword="not-a-real-one",
            Tags=tags,
        )
        served.client("elasticache").create_replication_group(
            ReplicationGroupId=NAME, ReplicationGroupDescription="x", Tags=tags
        )
        yield served


@pytest.mark.parametrize(
    ("service", "method", "which", "last", "action"),
    [
        (
            *("rds", "delete_db_instance", "DBInstanceIdentifier", "FinalDBSnapshotIdentifier"),
            "rds:CreateDBSnapshot",
        ),
        (
            *("elasticache", "delete_replication_group", "ReplicationGroupId"),
            *("FinalSnapshotIdentifier", "elasticache:DeleteReplicationGroup"),
        ),
    ],
)
def test_what_is_kept_of_a_data_store_needs_it(
    service: str, method: str, which: str, last: str, action: str, account: Account
) -> None:
    """make iam gives all data up, so that it asks for no last snapshot; production keeps them."""
    destroy, both = (
        filled("destroy")["Statement"],
        [*filled("destroy")["Statement"], *filled("last_snapshots")["Statement"]],
    )
    kept = {which: NAME, last: f"{NAME}-final-1"}
    for allowed, wanted in ((destroy, kept), (both, {**kept, last: "billing-final-1"})):
        said, _ = attempt(account.client(service, *account.user(*allowed)), method, wanted)
        assert action in said, wanted
    said, answer = attempt(account.client(service, *account.user(*both)), method, kept)
    assert said == ""
    assert "error" not in answer, answer
