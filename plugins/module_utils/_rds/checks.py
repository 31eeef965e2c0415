# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Options of an instance that AWS would refuse, refused before anything changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .. import datastore, datastore_windows
from ..aws import AwsError
from ..resources.log_group import RETENTIONS
from .fields import FIELDS, INTERVALS

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
RESERVED_USERS = ("rdsadmin", "rdsrepladmin", "rds_superuser", "rdstopmgr", "admin", "user")
PROVISIONED = {"io1": 50, "io2": 1000}
"""Storage types with IOPS of one's own, and how many of them AWS takes for a GiB at most."""
PROVISIONED_SIZE = 100
"""GiB with which these types begin."""
PROVISIONED_IOPS = (1000, 256000)
GP3_STRIPED = 400
"""GiB of gp3 from which RDS for PostgreSQL lets one choose IOPS and throughput."""
GP3_IOPS, GP3_THROUGHPUT = (12000, 64000), (500, 4000)
"""What AWS takes of them; less than the first comes with the volume."""
GP3_SHARE = 4
"""IOPS that AWS wants for a MiB per second at least."""


def check(options: Mapping[str, Any]) -> None:
    """Refuse options that AWS refuses.

    Raises:
        AwsError: with the option, its value and what to give instead.
    """
    datastore.check_name("identifier", options["identifier"], 63)
    for option in ("db_name", "master_username"):
        if NAME.fullmatch(options[option]) is None:
            raise AwsError(
                f"{option} is {options[option]!r}, but AWS requires a letter, followed by up to 62"
                " letters, digits and underscores."
            )
    if options["master_username"].lower() in RESERVED_USERS:
        raise AwsError(
            f"master_username is {options['master_username']!r}, which PostgreSQL or RDS reserves."
            " Choose another name."
        )
    FIELDS.check(options)
    _check_version(options["engine_version"])
    _check_storage(options)
    _check_care(options)
    datastore_windows.check(
        options["backup_window"],
        options["maintenance_window"],
        backup_option="backup_window",
        shortest_backup=30,
        shortest_maintenance=30,
    )


def _check_version(version: str) -> None:
    if re.fullmatch(r"\d+(\.\d+)?", version) is None:
        raise AwsError(
            f"engine_version is {version!r}. Give a major version such as 15, or a full version"
            " such as 15.18."
        )


def _check_storage(options: Mapping[str, Any]) -> None:
    storage, most, kind = (
        options["allocated_storage"],
        options["max_allocated_storage"],
        options["storage_type"],
    )
    if most * 10 < storage * 11:
        raise AwsError(
            f"max_allocated_storage is {most}, but it must be at least 10 percent above"
            f" allocated_storage ({storage}), so at least {-(-storage * 11 // 10)}."
        )
    if kind in PROVISIONED:
        _check_provisioned(kind, storage, most, options["iops"])
    if kind == "gp2" and (options["iops"] or options["storage_throughput"]):
        raise AwsError(
            "storage_type gp2 supports neither iops nor storage_throughput. Remove"
            " both, or use gp3."
        )
    if (
        kind == "gp3"
        and storage < GP3_STRIPED
        and (options["iops"] or options["storage_throughput"])
    ):
        raise AwsError(
            f"storage_type gp3 supports iops and storage_throughput from {GP3_STRIPED} GiB, but"
            f" allocated_storage is {storage}. Remove them; gp3 includes 3000 IOPS."
        )
    if kind == "gp3":
        _check_gp3(options["iops"], options["storage_throughput"])


def _check_provisioned(kind: str, storage: int, most: int, iops: int | None) -> None:
    """IOPS of a type that is bought by them; its share counts for all storage that may come."""
    if not iops:
        raise AwsError(f"storage_type {kind} needs iops.")
    if storage < PROVISIONED_SIZE:
        raise AwsError(
            f"storage_type {kind} needs at least {PROVISIONED_SIZE} GiB, but allocated_storage is"
            f" {storage}."
        )
    _within("iops", iops, PROVISIONED_IOPS, kind)
    if iops > storage * PROVISIONED[kind]:
        raise AwsError(
            f"iops is {iops}, but AWS allows at most {PROVISIONED[kind]} per GiB of {kind}, so"
            f" {storage * PROVISIONED[kind]} for allocated_storage {storage}."
        )
    if iops * 2 < most:
        raise AwsError(
            f"iops is {iops}, but AWS requires at least one per 2 GiB, also of"
            f" max_allocated_storage ({most}), so at least {-(-most // 2)}."
        )


def _check_gp3(iops: int | None, throughput: int | None) -> None:
    if iops:
        _within("iops", iops, GP3_IOPS, "gp3")
    if throughput:
        _within("storage_throughput", throughput, GP3_THROUGHPUT, "gp3")
        if throughput * GP3_SHARE > (iops or GP3_IOPS[0]):
            raise AwsError(
                f"storage_throughput is {throughput}, but AWS requires {GP3_SHARE} IOPS per MiB"
                f" per second, so iops must be at least {throughput * GP3_SHARE}."
            )


def _within(option: str, value: int, limits: tuple[int, int], kind: str) -> None:
    if not limits[0] <= value <= limits[1]:
        raise AwsError(
            f"{option} is {value}, but AWS allows {limits[0]} to {limits[1]} with storage_type"
            f" {kind}."
        )


def _check_care(options: Mapping[str, Any]) -> None:
    """Backups, monitoring, insights, and what rotates the password."""
    interval = options["monitoring_interval"]
    if interval not in INTERVALS:
        raise AwsError(
            f"monitoring_interval is {interval}, but AWS allows {', '.join(map(str, INTERVALS))} s."
        )
    if interval and not options["monitoring_role_arn"]:
        raise AwsError(
            "monitoring_interval needs monitoring_role_arn: a role that"
            " monitoring.rds.amazonaws.com may assume, with the AWS policy"
            " AmazonRDSEnhancedMonitoringRole."
        )
    kept = options["performance_insights_retention_days"]
    if kept not in (7, 731) and not (kept % 31 == 0 and 1 <= kept // 31 <= 23):
        raise AwsError(
            f"performance_insights_retention_days is {kept}, but AWS allows 7, a multiple of 31 up"
            " to 713, or 731."
        )
    if options["log_retention_days"] not in RETENTIONS:
        raise AwsError(
            f"log_retention_days is {options['log_retention_days']}, but CloudWatch Logs allows"
            f" {', '.join(map(str, RETENTIONS))} (0 for ever)."
        )
    days = options["master_password_rotation_days"]
    if not 1 <= days <= 1000:
        raise AwsError(f"master_password_rotation_days is {days}, but AWS allows 1 to 1000.")
    schedule = options.get("master_password_rotation_schedule") or ""
    if schedule and re.fullmatch(r"(cron|rate)\([\w#?*,/ -]+\)", schedule) is None:
        raise AwsError(
            f"master_password_rotation_schedule is {schedule!r}, but AWS allows cron(...) or"
            " rate(...), in UTC, such as cron(0 4 ? * SUN#1 *) for the first Sunday of each month"
            " at 4."
        )
    window = options.get("master_password_rotation_window") or ""
    if window and not (re.fullmatch(r"\d{1,2}h", window) and 1 <= int(window[:-1]) <= 24):
        raise AwsError(f"master_password_rotation_window is {window!r}, but AWS allows 1h to 24h.")
