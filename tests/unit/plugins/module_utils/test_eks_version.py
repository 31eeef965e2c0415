"""One minor up, or back within the week: what is asked of EKS before, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from ansible_collections.ragops.platform.plugins.module_utils._eks import version
from ansible_collections.ragops.platform.plugins.module_utils._eks.common import Session
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from botocore.stub import Stubber

NAME = "ragops-dev"
CLUSTER = {"name": NAME, "version": "1.35"}
BACK = version.Intent(rollback=True)


class Eks:
    """EKS as Stubber plays it, for one check of a change of version."""

    def __init__(self, *, check_mode: bool = False) -> None:
        eks = boto3.client(
            "eks", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        self.stub = Stubber(eks)
        self.session = Session(eks, check_mode=check_mode, wait=True, timeout=5)

    def groups(self, **versions: str) -> None:
        self.stub.add_response("list_nodegroups", {"nodegroups": list(versions)})
        for found in versions.values():
            self.stub.add_response("describe_nodegroup", {"nodegroup": {"version": found}})

    def updates(self, *told: tuple[str, str, timedelta]) -> None:
        names = [f"u-{number}" for number in range(len(told))]
        self.stub.add_response("list_updates", {"updateIds": names})
        for name, (kind, status, age) in zip(names, told, strict=True):
            update = {
                "id": name,
                "type": kind,
                "status": status,
                "createdAt": datetime.now(UTC) - age,
            }
            self.stub.add_response("describe_update", {"update": update})

    def insights(self, *found: dict[str, Any]) -> None:
        if not self.session.check_mode:
            self.stub.add_response("start_insights_refresh", {})
            self.stub.add_response("describe_insights_refresh", {"status": "COMPLETED"})
        self.stub.add_response("list_insights", {"insights": list(found)})
        for item in found:
            advice = {**item, "recommendation": "Use policy/v1."}
            self.stub.add_response("describe_insight", {"insight": advice})

    def check(self, wanted: str, intent: version.Intent | None = None) -> None:
        with self.stub:
            version.check(self.session, CLUSTER, wanted, intent or version.Intent())
        self.stub.assert_no_pending_responses()


INSIGHT = {
    "id": "i-1",
    "name": "Deprecated APIs removed in 1.36",
    "insightStatus": {"status": "ERROR", "reason": "policy/v1beta1 was called."},
}


def test_the_same_version_asks_nothing() -> None:
    Eks().check("1.35")


@pytest.mark.parametrize("check_mode", [True, False])
def test_insights_with_errors_stop_an_upgrade(check_mode: bool) -> None:
    eks = Eks(check_mode=check_mode)
    eks.groups(main="1.35")
    eks.insights(INSIGHT)
    told = (
        r"(?s)not ready for 1.36 .*- Deprecated APIs removed in 1.36: "
        r"policy/v1beta1 was called\. Use policy"
    )
    with pytest.raises(AwsError, match=told):
        eks.check("1.36")
    eks.stub.assert_no_pending_responses()


def test_insights_are_not_asked_when_they_are_passed_over() -> None:
    eks = Eks()
    eks.groups(main="1.35")
    eks.check("1.36", version.Intent(force=True))


def test_a_refresh_in_progress_is_awaited_with_the_rest() -> None:
    eks = Eks()
    eks.groups()
    eks.stub.add_client_error("start_insights_refresh", "InvalidRequestException")
    for status in ("IN_PROGRESS", "COMPLETED"):
        eks.stub.add_response("describe_insights_refresh", {"status": status})
    eks.stub.add_response("list_insights", {"insights": []})
    eks.check("1.36")


def test_nodes_come_along_before_the_next_upgrade() -> None:
    eks = Eks()
    eks.groups(main="1.35", batch="1.34")
    with pytest.raises(AwsError, match=r"node groups batch \(1.34\) are not.*to 1.35 first"):
        eks.check("1.36")


def test_an_upgrade_can_be_taken_back_for_a_week() -> None:
    eks = Eks()
    eks.groups(main="1.34")
    eks.updates(
        ("LoggingUpdate", "Successful", timedelta(hours=1)),
        ("VersionUpdate", "Successful", timedelta(days=6)),
        ("VersionUpdate", "Failed", timedelta(days=5)),
    )
    eks.insights()
    eks.check("1.34", BACK)


@pytest.mark.parametrize(
    ("updates", "told"),
    [
        ([], "was not upgraded from 1.34"),
        ([("VersionUpdate", "Successful", timedelta(days=8))], "8 days ago.*7 days only"),
        (
            [
                ("VersionUpdate", "Successful", timedelta(days=3)),
                ("VersionRollback", "Successful", timedelta(days=1)),
            ],
            "Only the last upgrade",
        ),
    ],
)
def test_what_can_not_be_taken_back_is_refused(
    updates: list[tuple[str, str, timedelta]], told: str
) -> None:
    eks = Eks()
    eks.groups(main="1.34")
    eks.updates(*updates)
    with pytest.raises(AwsError, match=told):
        eks.check("1.34", BACK)


def test_nodes_go_back_before_their_api_server() -> None:
    eks = Eks()
    eks.groups(main="1.35")
    eks.updates(("VersionUpdate", "Successful", timedelta(days=6)))
    with pytest.raises(AwsError, match=r"main \(1.35\).* newer than 1.34.*back to 1.34 first"):
        eks.check("1.34", BACK)


def test_check_mode_takes_the_nodes_for_moved() -> None:
    eks = Eks(check_mode=True)
    eks.groups(main="1.35")
    eks.updates(("VersionUpdate", "Successful", timedelta(days=6)))
    eks.check("1.34", BACK)


@pytest.mark.parametrize("text", ["1", "v1.35", "1.35.2", "1.x", "latest"])
def test_a_version_is_a_minor_version(text: str) -> None:
    with pytest.raises(AwsError, match="is not a Kubernetes minor version"):
        version.minor(text)
