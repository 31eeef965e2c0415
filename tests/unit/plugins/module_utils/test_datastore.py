"""Names, windows, parameter and subnet groups: what RDS and ElastiCache have in common."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils import datastore_windows
from ansible_collections.ragops.platform.plugins.module_utils._rds import checks
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Plan, tag_list
from ansible_collections.ragops.platform.plugins.module_utils.resources import (
    parameter_group,
    subnet_group,
)
from support.stubbed import Script

OPTIONS: dict[str, Any] = {
    "identifier": "ragops-dev",
    "db_name": "rag",
    "master_username": "ragops",
    "engine_version": "15",
    "allocated_storage": 20,
    "max_allocated_storage": 100,
    "storage_type": "gp3",
    "iops": None,
    "storage_throughput": None,
    "backup_retention_days": 7,
    "backup_window": "02:00-03:00",
    "maintenance_window": "sun:04:00-sun:05:00",
    "monitoring_interval": 0,
    "monitoring_role_arn": None,
    "performance_insights_retention_days": 7,
    "log_retention_days": 365,
    "master_password_rotation_days": 90,
}


def storage(kind: str, size: int, most: int = 0, **more: int) -> dict[str, Any]:
    """Options of a type of storage that may grow by a tenth, or to `most`."""
    sizes = {"allocated_storage": size, "max_allocated_storage": most or size * 11 // 10}
    return {"storage_type": kind, **sizes, **more}


def test_sound_options_pass() -> None:
    checks.check(OPTIONS)
    large = {"allocated_storage": 100, "max_allocated_storage": 110}
    checks.check({**OPTIONS, **large, "storage_type": "io2", "iops": 3000, "backup_window": None})
    checks.check({**OPTIONS, "allocated_storage": 400, "max_allocated_storage": 440, "iops": 12000})
    checks.check({**OPTIONS, "performance_insights_retention_days": 93, "maintenance_window": None})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"identifier": "Ragops"}, "identifier is 'Ragops'.*lower-case"),
        ({"identifier": "ragops--dev"}, "single hyphens"),
        ({"identifier": "r" * 64}, "1 to 63"),
        ({"db_name": "my-db"}, "db_name is 'my-db'"),
        ({"master_username": "1st"}, "master_username is '1st'"),
        ({"master_username": "rdsadmin"}, "reserves"),
        ({"engine_version": "newest"}, "Give a major version such as 15"),
        ({"allocated_storage": 5}, "20 to 65536"),
        ({"max_allocated_storage": 21}, "at least 22"),
        ({"storage_type": "io1"}, "io1 needs iops"),
        ({"storage_type": "gp2", "iops": 3000}, "supports neither iops"),
        ({"iops": 3000}, "from 400 GiB"),
        (
            {"storage_type": "io2", "iops": 3000},
            ("io2 needs at least 100 GiB, but allocated_storage is 20"),
        ),
        (storage("io1", 100, iops=500), "AWS allows 1000 to 256000 with storage_type io1"),
        (storage("io1", 100, iops=6000), "at most 50 per GiB of io1, so 5000"),
        (storage("io1", 100, 4000, iops=1000), r"max_allocated_storage \(4000\), so at least 2000"),
        (storage("gp3", 400, iops=3000), "AWS allows 12000 to 64000 with storage_type gp3"),
        (storage("gp3", 400, storage_throughput=125), "AWS allows 500 to 4000"),
        (storage("gp3", 400, storage_throughput=4000), "so iops must be at least 16000"),
        ({"backup_retention_days": 0}, "without backups data is lost"),
        ({"backup_retention_days": 36}, "must be 1 to 35"),
        ({"monitoring_interval": 7}, "AWS allows 0, 1, 5"),
        ({"monitoring_interval": 60}, "needs monitoring_role_arn"),
        ({"performance_insights_retention_days": 8}, "a multiple of 31"),
        ({"log_retention_days": 100}, "CloudWatch Logs allows 0, 1, 3"),
        ({"master_password_rotation_days": 0}, "1 to 1000"),
        ({"backup_window": "2:00-3:00"}, "must be hh:mm-hh:mm"),
        ({"backup_window": "02:00-02:20"}, "lasts 20 minutes"),
        ({"maintenance_window": "so:04:00-so:05:00"}, "must be ddd:hh:mm-ddd:hh:mm"),
        ({"maintenance_window": "sun:04:00-tue:05:00"}, "less than a day"),
        ({"maintenance_window": "sun:02:30-sun:04:00"}, "overlaps .* on sun"),
        ({"backup_window": "23:30-00:30", "maintenance_window": "mon:00:00-mon:01:00"}, "on sun"),
    ],
)
def test_what_aws_refuses_is_refused_first(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(AwsError, match=message):
        checks.check({**OPTIONS, **wrong})


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((0, 60), (60, 60), False),
        ((0, 61), (60, 60), True),
        ((60, 60), (0, 61), True),
        ((datastore_windows.WEEK - 30, 60), (0, 60), True),
        ((datastore_windows.WEEK - 30, 30), (0, 60), False),
    ],
)
def test_windows_overlap_over_the_end_of_the_week_too(
    one: tuple[int, int], other: tuple[int, int], expected: bool
) -> None:
    assert datastore_windows.overlap(one, other) is expected


def test_parameters_go_twenty_at_a_time_and_static_ones_wait() -> None:
    values = {f"p{number:02}": "1" for number in range(21)}
    known = [{"ParameterName": "p00", "ApplyType": "static", "ParameterValue": "0"}]
    theirs = {"ParameterName": "theirs", "ParameterValue": "9", "Source": "user"}
    script = Script("rds").says("describe_db_parameters", {"Parameters": [*known, theirs]})
    script.says("list_tags_for_resource", {"TagList": []})

    def item(number: int) -> dict[str, str]:
        method = "pending-reboot" if number == 0 else "immediate"
        return {
            "ParameterName": f"p{number:02}",
            "ParameterValue": "1",
            "ApplyMethod": method,
        }

    for numbers in (range(20), range(20, 21)):
        items = [item(number) for number in numbers]
        expected = {"DBParameterGroupName": "g", "Parameters": items}
        script.says("modify_db_parameter_group", {}, **expected)
    reset = [{"ParameterName": "theirs", "ApplyMethod": "immediate"}]
    # A group that another change holds is tried again.
    script.refuses("reset_db_parameter_group", "InvalidDBParameterGroupState")
    script.says("reset_db_parameter_group", {}, DBParameterGroupName="g", Parameters=reset)
    found = {"DBParameterGroupFamily": "postgres15", "DBParameterGroupArn": "arn"}
    with script.played() as api:
        parameter_group.ensure(
            api,
            Plan(),
            parameter_group.DB,
            {"name": "g", "parameters": values},
            "postgres15",
            {},
            found,
        )


def test_a_group_of_another_family_is_refused() -> None:
    script = Script("elasticache").says("describe_cache_parameters", {"Parameters": []})
    script.says("list_tags_for_resource", {"TagList": []})
    found = {"CacheParameterGroupFamily": "redis7", "ARN": "arn"}
    group = {"name": "g", "parameters": {}}
    kind = parameter_group.CACHE
    with script.played() as api, pytest.raises(AwsError, match="cannot change the family"):
        parameter_group.ensure(api, Plan(), kind, group, "valkey8", {}, found)


def test_a_group_in_use_is_removed_when_it_is_free() -> None:
    """And somebody else's of such a name, here without tags, stays."""
    tags = {"Project": "ragops", "ManagedBy": "ragops.platform"}
    script = Script("rds").says(
        "list_tags_for_resource", {"TagList": []}, ResourceName="n-postgres13"
    )
    script.says("list_tags_for_resource", {"TagList": tag_list(tags)}, ResourceName="n-postgres14")
    script.refuses("delete_db_parameter_group", "InvalidDBParameterGroupState")
    script.says("delete_db_parameter_group", {}, DBParameterGroupName="n-postgres14")
    names = ("n-postgres13", "n-postgres14", "n-postgres15", "n-postgres14-mine", "other")
    kind = parameter_group.DB
    groups = {name: {kind.arn: name} for name in names}
    plan = Plan()
    with script.played() as api:
        parameter_group.retire(api, plan, kind, groups, r"n-postgres\d+", {"n-postgres15"}, tags)
    assert plan.before == {"db parameter group n-postgres14": {"name": "n-postgres14"}}


def test_subnets_elsewhere_are_named() -> None:
    item = {"VpcId": "vpc-1", "Subnets": [{"SubnetIdentifier": "subnet-a"}]}
    same = {"name": "g", "subnet_ids": ["subnet-a"]}
    subnet_group.refuse_other_vpc("DB", same, item, lambda _: pytest.fail("not asked"))
    subnet_group.refuse_other_vpc("DB", {**same, "subnet_ids": []}, item, lambda _: {})
    more = {**same, "subnet_ids": ["subnet-a", "subnet-z"]}
    places = {"subnet-a": "vpc-1", "subnet-z": "vpc-2"}
    with pytest.raises(AwsError, match=r"is in vpc-1, but subnet-z \(vpc-2\) are not"):
        subnet_group.refuse_other_vpc("DB", more, item, lambda _: places)
