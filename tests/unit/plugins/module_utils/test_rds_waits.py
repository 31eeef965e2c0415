"""What takes AWS minutes, fails there, or is refused for a while: no emulator shows it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils import datastore
from ansible_collections.ragops.platform.plugins.module_utils._rds import (
    absent,
    ensure,
    password,
    transform,
)
from ansible_collections.ragops.platform.plugins.module_utils._rds import api as rds
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Plan
from support.stubbed import Script

NAME = "ragops-test"
WHICH = {"DBInstanceIdentifier": NAME}
EVENT = {"Events": [{"Message": "Storage size 20 GB is used up."}]}
OPTIONS: dict[str, Any] = {
    "identifier": NAME,
    "engine_version": "15",
    "instance_class": "db.t3.micro",
    "allocated_storage": 20,
    "max_allocated_storage": 100,
    "storage_type": "gp3",
    "multi_az": True,
    "performance_insights": True,
    "kms_key_arn": None,
    "subnet_group": {"name": NAME, "subnet_ids": []},
    "parameter_group": {"name": f"{NAME}-postgres15", "parameters": {}},
    "log_exports": [],
    "security_group_ids": [],
    "apply_immediately": True,
    "reboot_if_pending": False,
    "deletion_protection": False,
    "delete_automated_backups": True,
    "final_snapshot_id": None,
    "master_password_rotation_days": 90,
    "rotate_master_password": False,
    "wait_timeout": 2,
    "tags": {"Project": "ragops"},
}


def instance(status: str, **more: Any) -> dict[str, Any]:
    """An answer of describe_db_instances."""
    return {"DBInstances": [{**WHICH, "DBInstanceStatus": status, **more}]}


def instances(*statuses: str) -> Script:
    script = Script("rds")
    for status in statuses:
        script.says("describe_db_instances", instance(status), **WHICH)
    return script


def wanted() -> ensure.Instance:
    return ensure.Instance(OPTIONS, transform.wanted_of(OPTIONS))


def test_an_instance_is_awaited_through_all_that_aws_does_with_it() -> None:
    with instances("creating", "backing-up", "available").played() as api:
        rds.await_available(api, NAME, 10)


@pytest.mark.parametrize("status", rds.BAD)
def test_a_state_that_does_not_end_ends_the_wait_with_its_cause(status: str) -> None:
    script = instances("creating", status).says("describe_events", EVENT)
    with (
        script.played() as api,
        pytest.raises(AwsError, match=f"is {status} and cannot recover.*Storage size 20 GB"),
    ):
        rds.await_available(api, NAME, 10)


def test_a_time_out_names_the_last_state() -> None:
    with (
        instances("configuring-enhanced-monitoring").played() as api,
        pytest.raises(AwsError, match="last seen: status configuring-enhanced-monitoring"),
    ):
        rds.await_available(api, NAME, 0)


def test_an_instance_that_vanishes_is_not_waited_for() -> None:
    script = Script("rds").refuses("describe_db_instances", "DBInstanceNotFound")
    script.says("describe_events", {"Events": []})
    with (
        script.played() as api,
        pytest.raises(AwsError, match=r"is gone .* recorded no event"),
    ):
        rds.await_available(api, NAME, 10)
    gone = Script("rds").refuses("describe_db_instances", "DBInstanceNotFoundFault")
    with gone.played() as api, pytest.raises(AwsError, match="was deleted during the wait"):
        rds.must_find(api, NAME)


def test_available_is_not_done_while_something_is_pending() -> None:
    pending = {"PendingModifiedValues": {"MultiAZ": True}}
    script = Script("rds").says("describe_db_instances", instance("available", **pending))
    script.says("describe_db_instances", instance("available"))
    with script.played() as api:
        rds.await_available(api, NAME, 10, rds.applied)
    script = Script("rds").says("describe_db_instances", instance("available", **pending))
    with script.played() as api, pytest.raises(AwsError, match=r"pending: MultiAZ"):
        rds.await_available(api, NAME, 0, rds.applied)


def test_a_change_waits_for_the_one_before() -> None:
    script = Script("rds").refuses("modify_db_instance", "InvalidDBInstanceState", "is modifying")
    script.says("describe_db_instances", instance("modifying"))
    script.says("modify_db_instance", {}, **WHICH, BackupRetentionPeriod=7)
    with script.played() as api:
        ensure._send(api, wanted(), BackupRetentionPeriod=7)


def test_a_change_does_not_wait_for_what_will_never_be_free() -> None:
    script = Script("rds").refuses("modify_db_instance", "InvalidDBInstanceState")
    script.says("describe_db_instances", instance("storage-full"))
    script.says("describe_events", EVENT)
    with script.played() as api, pytest.raises(AwsError, match="is storage-full and cannot"):
        ensure._send(api, wanted(), BackupRetentionPeriod=7)
    refused = Script("rds").refuses("modify_db_instance", "StorageQuotaExceeded", "too much")
    with refused.played() as api, pytest.raises(AwsError, match=r"StorageQuotaExceeded.*too much"):
        ensure._send(api, wanted(), AllocatedStorage=7000)


def test_a_full_instance_gets_the_storage_that_is_wanted() -> None:
    """AWS takes this one change of it, and shows it as full for a while."""
    this = wanted()
    this.wanted["allocated_storage"] = 500
    full: dict[str, Any] = {"AllocatedStorage": 450, "StorageType": "gp3", "Iops": 13000}
    found = instance("storage-full", **full)["DBInstances"][0]
    grown = {"AllocatedStorage": 500, "Iops": 13000, "StorageThroughput": 500}
    script = Script("rds").says("modify_db_instance", {}, **WHICH, ApplyImmediately=True, **grown)
    for status in ("storage-full", "modifying"):
        script.says("describe_db_instances", instance(status))
    with script.played() as api:
        ensure._grow(api, this, found)
    assert this.grown_from == 450
    with Script("rds").played() as api:
        ensure._grow(api, this, {**found, "DBInstanceStatus": "available"})
        with pytest.raises(
            AwsError, match=r"filled its 500 GiB .* allocated_storage to at least 550 GiB"
        ):
            ensure._grow(api, this, {**found, "AllocatedStorage": 500})


def test_a_role_that_iam_has_yet_to_spread_is_tried_again() -> None:
    text = "IAM role ARN value is invalid or does not include permissions for: ENHANCED_MONITORING"
    script = Script("rds").refuses("create_db_instance", "InvalidParameterValue", text)
    script.says("create_db_instance", {})
    with script.played() as api:
        ensure._create(api, wanted(), "15.18")


def test_a_creation_whose_answer_was_lost_is_done() -> None:
    script = Script("rds").refuses("create_db_instance", "DBInstanceAlreadyExists")
    with script.played() as api:
        ensure._create(api, wanted(), "15.18")


def test_a_single_az_that_aws_made_in_silence_is_converted() -> None:
    script = Script("rds").says("describe_db_instances", instance("available", MultiAZ=False))
    script.says("modify_db_instance", {}, **WHICH, MultiAZ=True, ApplyImmediately=True)
    script.says(
        "describe_db_instances",
        instance("available", MultiAZ=False, PendingModifiedValues={"MultiAZ": True}),
    )
    script.says("describe_db_instances", instance("available", MultiAZ=True))
    script.says("describe_db_instances", instance("available", MultiAZ=True))
    with script.played() as api:
        ensure._verify_multi_az(api, wanted())


def test_a_single_az_that_stays_is_an_error() -> None:
    script = Script("rds").says("describe_db_instances", instance("available", MultiAZ=False))
    script.says("modify_db_instance", {})
    script.says("describe_db_instances", instance("modifying", MultiAZ=False))
    script.says("describe_db_instances", instance("available", MultiAZ=False))
    script.says("describe_db_instances", instance("available", MultiAZ=False))
    with script.played() as api, pytest.raises(AwsError, match="asked twice for Multi-AZ"):
        ensure._verify_multi_az(api, wanted())


def test_a_retired_minor_is_refused_with_what_there_is() -> None:
    offers = {"DBEngineVersions": [{"EngineVersion": name} for name in ("15.17", "15.18", "16.14")]}
    script = Script("rds").says("describe_db_engine_versions", offers, Engine="postgres")
    with (
        script.played() as api,
        pytest.raises(
            AwsError, match=r"not offer PostgreSQL 15\.4 .* offers 15\.17, 15\.18, 16\.14"
        ),
    ):
        rds.creatable_version(api, "15.4")


def test_a_retired_version_is_still_asked_for_its_upgrades() -> None:
    targets = [{"EngineVersion": "15.18"}, {"EngineVersion": "16.14"}]
    offers = {"DBEngineVersions": [{"EngineVersion": "15.4", "ValidUpgradeTarget": targets}]}
    script = Script("rds").says(
        "describe_db_engine_versions",
        offers,
        Engine="postgres",
        EngineVersion="15.4",
        IncludeAll=True,
    )
    with script.played() as api:
        assert rds.upgrade_targets(api, "15.4") == ["15.18", "16.14"]


def offer(**more: Any) -> dict[str, Any]:
    return {
        "StorageType": "gp3",
        "SupportsStorageEncryption": True,
        "MultiAZCapable": True,
        "SupportsPerformanceInsights": True,
        **more,
    }


def test_insights_stay_off_where_the_class_has_none_and_the_run_says_so() -> None:
    options = {"OrderableDBInstanceOptions": [offer(SupportsPerformanceInsights=False)]}
    script = Script("rds").says("describe_orderable_db_instance_options", options)
    this = wanted()
    with script.played() as api:
        ensure._ask_offers(api, this, "15.18")
    assert this.wanted["performance_insights"] is False
    assert "does not support them with db.t3.micro" in this.notes[0]


@pytest.mark.parametrize(
    ("offers", "message"),
    [
        ([], "offers no db.t3.micro for PostgreSQL 15.18 in this region"),
        ([offer(StorageType="gp2")], "no storage_type gp3 with db.t3.micro .* offers gp2"),
        ([offer(SupportsStorageEncryption=False)], "no storage encryption"),
        ([offer(MultiAZCapable=False)], r"no a standby|a standby \(multi_az\)"),
    ],
)
def test_what_aws_does_not_offer_is_refused(offers: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(AwsError, match=message):
        rds.check_offers(offers, "15.18", wanted().wanted)


def services(script: Script) -> ensure.Services:
    nothing = Script("logs").api
    return ensure.Services(script.api, lambda: Script("ec2").api, nothing, nothing)


def test_a_deletion_waits_and_takes_the_next_free_name() -> None:
    found: dict[str, Any] = instance("available")["DBInstances"][0]
    delete = {**WHICH, "DeleteAutomatedBackups": True, "SkipFinalSnapshot": False}
    script = Script("rds").refuses("delete_db_instance", "InvalidDBInstanceState", "backing up")
    script.refuses(
        "delete_db_instance", "DBSnapshotAlreadyExists", **delete, FinalDBSnapshotIdentifier="last"
    )
    script.says("delete_db_instance", {}, **delete, FinalDBSnapshotIdentifier="last-2")
    with script.played() as api:
        options = {**OPTIONS, "final_snapshot_id": "last"}
        assert absent._delete(api, "db", found, options) == "last-2"


def test_no_last_snapshot_of_what_never_worked() -> None:
    tags = [{"Key": "Project", "Value": "ragops"}]
    script = Script("rds").says("describe_db_instances", instance("failed", TagList=tags))
    with (
        script.played(),
        pytest.raises(AwsError, match="is failed, so AWS cannot make a final snapshot"),
    ):
        absent.ensure_absent(services(script), Plan(), {**OPTIONS, "final_snapshot_id": "last"})


@pytest.mark.parametrize(
    ("status", "more", "snapshot"),
    [
        ("stopped", {}, "last"),
        ("stopping", {}, "last"),
        ("stopped", {"DeletionProtection": True}, None),
    ],
)
def test_a_stopped_instance_is_not_waited_for_in_vain(
    status: str, more: dict[str, Any], snapshot: str | None
) -> None:
    tags = [{"Key": "Project", "Value": "ragops"}]
    script = Script("rds").says("describe_db_instances", instance(status, TagList=tags, **more))
    with (
        script.played(),
        pytest.raises(AwsError, match=rf"is {status}, .* start-db-instance .* {NAME}\)"),
    ):
        absent.ensure_absent(services(script), Plan(), {**OPTIONS, "final_snapshot_id": snapshot})


@pytest.mark.parametrize(
    ("seen", "left"),
    [
        (
            {"EngineVersion": "15.18", "DBInstanceClass": "db.t3.small"},
            "instance_class db.t3.small",
        ),
        ({"EngineVersion": "14.20", "DBInstanceClass": "db.t3.micro"}, r"engine_version 14\.20"),
    ],
)
def test_a_change_that_aws_gives_up_is_an_error(seen: dict[str, str], left: str) -> None:
    """An upgrade whose checks fail ends in "available", and in an event."""
    event = {"Events": [{"Message": "Upgrade was cancelled: pre-upgrade checks failed."}]}
    this = wanted()
    this.asked = frozenset({"engine_version", "instance_class"})
    script = Script("rds").says("describe_db_instances", instance("upgrading", **seen))
    for _ in range(2):
        script.says("describe_db_instances", instance("available", **seen))
    script.says("describe_events", event)
    with (
        script.played(),
        pytest.raises(
            AwsError, match=rf"did not change {left}.* \(should be .*pre-upgrade checks failed"
        ),
    ):
        ensure._finish(services(script), Plan(), this, {}, new=False)


def test_who_may_not_read_events_is_told_of_the_state_nevertheless() -> None:
    script = instances("storage-full").refuses("describe_events", "AccessDenied")
    with (
        script.played() as api,
        pytest.raises(AwsError, match=r"is storage-full .* read them \(rds:DescribeEvents\)"),
    ):
        rds.await_available(api, NAME, 10)
    script = instances("storage-full").refuses("describe_events", "InternalFailure")
    with script.played() as api, pytest.raises(AwsError, match="InternalFailure"):
        rds.await_available(api, NAME, 10)


def test_what_is_being_deleted_is_not_made_again() -> None:
    script = instances("deleting")
    options = {
        **OPTIONS,
        "db_name": "rag",
        "master_username": "ragops",
        "iops": None,
        "storage_throughput": None,
        "backup_retention_days": 7,
        "monitoring_interval": 0,
        "performance_insights_retention_days": 7,
        "log_retention_days": 365,
        "backup_window": None,
        "maintenance_window": None,
    }
    with (
        script.played(),
        pytest.raises(AwsError, match=r"is being deleted\. Wait until it is gone"),
    ):
        ensure.ensure_present(services(script), Plan(), options)


def secret(status: str) -> dict[str, Any]:
    return instance("available", MasterUserSecret={"SecretArn": "arn:s", "SecretStatus": status})


def test_a_password_is_awaited_until_the_server_takes_it() -> None:
    script = Script("rds")
    for status in ("creating", "rotating", "active"):
        script.says("describe_db_instances", secret(status))
    with script.played() as api:
        password._await_active(api, NAME, 10)


def test_a_secret_that_rds_cannot_reach_is_an_error() -> None:
    script = Script("rds").says("describe_db_instances", secret("impaired"))
    with (
        script.played() as api,
        pytest.raises(AwsError, match="is impaired, because RDS cannot access it"),
    ):
        password._await_active(api, NAME, 10)


def test_what_is_not_provably_ours_is_not_removed() -> None:
    script = instances("available")
    with (
        script.played(),
        pytest.raises(AwsError, match="is not removed: it is tagged with none of"),
    ):
        absent.ensure_absent(services(script), Plan(), OPTIONS)


def test_a_rotation_is_done_when_the_secret_holds_another_password() -> None:
    """For seconds RDS calls the old one active."""
    old = {"VersionIdsToStages": {"1" * 32: ["AWSCURRENT"]}}
    new = {"VersionIdsToStages": {"1" * 32: ["AWSPREVIOUS"], "2" * 32: ["AWSCURRENT"]}}
    rules = {"RotationRules": {"AutomaticallyAfterDays": 90}}
    secrets = Script("secretsmanager").says("describe_secret", {**old, **rules})
    secrets.says("describe_secret", old).says("describe_secret", new)
    active = instance(
        "available", MasterUserSecret={"SecretArn": "arn:of-secret", "SecretStatus": "active"}
    )
    script = Script("rds").says("describe_db_instances", active)
    script.says("modify_db_instance", {}).says("describe_db_instances", active)
    options = {**OPTIONS, "rotate_master_password": True}
    with secrets.played() as secrets_api, script.played() as api:
        password.ensure(secrets_api, api, Plan(), NAME, options, new=False)


def test_a_password_that_aws_never_shows_is_waited_for_as_long_as_that_can_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(datastore, "UNSEEN", 0.5)
    this = wanted()
    this.asked = frozenset({ensure.PASSWORD})
    script = Script("rds")
    for _ in range(6):  # the status and the instance, at 0, 0.2 and 0.6 s
        script.says("describe_db_instances", instance("available"))
    with script.played() as api:
        ensure._await(api, this)
