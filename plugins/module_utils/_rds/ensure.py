# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Bring a PostgreSQL instance with what belongs to it to its state."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .. import datastore, ownership
from ..aws import AwsError, tag_dict, wait_until
from ..reconcile import Api, Plan, tag_list
from ..resources import parameter_group, subnet_group
from . import api as rds
from . import checks, logs, own_password, password, transform, versions

PASSWORD, REBOOT = "MasterUserPassword", "reboot"
TAKEN_BACK = frozenset({"engine_version", "instance_class"})
"""What AWS may leave as it was after it was at work on it."""


@dataclass
class Services:
    """The AWS services that an instance touches; EC2 is asked seldom, so only then connected."""

    rds: Api
    ec2: Callable[[], Api]
    logs: Api
    secrets: Api

    def quiet(self) -> Services:
        """Return those that send nothing."""
        return Services(self.rds.quiet(), self.ec2, self.logs.quiet(), self.secrets.quiet())


@dataclass
class Instance:
    """One instance, and what is wanted of it.

    Args:
        options: the module's.
        wanted: the state that follows from them; AWS's offers may still change it.
        own: the master password, if it is in a secret of ours.
        notes: what the operator should know.
        asked: what was last asked of AWS and not yet waited for; None: nothing.
        grown_from: its storage in GiB before it was full and grew; None: it was not full.
    """

    options: dict[str, Any]
    wanted: datastore.State
    own: own_password.OwnPassword | None = None
    notes: list[str] = field(default_factory=list)
    asked: frozenset[str] | None = None
    grown_from: int | None = None

    @property
    def identifier(self) -> str:
        """Identifier of the instance."""
        return str(self.options["identifier"])

    @property
    def label(self) -> str:
        """How errors and plans call it."""
        return f"db instance {self.identifier}"


def pattern_of(identifier: str) -> str:
    """Return how the instance's parameter groups are called: one for each major version."""
    return rf"{identifier}-postgres\d+"


def ensure_present(
    services: Services, plan: Plan, options: dict[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Make or modify the instance; return its facts, and notes for the operator.

    Without `wait` an instance that AWS is still at work on is left as it is:
    the call that waits compares it, and so sees what creation left undone.
    """
    checks.check(options)
    api = services.rds
    this = Instance(
        options, transform.wanted_of(options), own_password.read(services.secrets, options)
    )
    if this.own:
        this.wanted["tags"] |= this.own.tags
    found = rds.find(api, this.identifier)
    if found is not None and found["DBInstanceStatus"] == "deleting":
        raise AwsError(f"{this.label} is being deleted. Wait until it is gone, then run again.")
    if found is not None:
        ownership.refuse_others(this.label, tag_dict(found.get("TagList")), this.wanted["tags"])
    version = _foresee(api, this, found)
    _refuse_other_vpc(services, options)
    groups = parameter_group.listed(api, parameter_group.DB)
    group = options["parameter_group"]
    _refuse_others(services, this, groups.get(group["name"]))

    subnet_group.ensure_present(api, plan, "DB", options["subnet_group"], options["tags"])
    parameter_group.ensure(
        api,
        plan,
        parameter_group.DB,
        group,
        f"postgres{versions.major(options['engine_version'])}",
        options["tags"],
        groups.get(group["name"]),
    )
    logs.ensure(services.logs, plan, this.identifier, this.wanted["log_exports"], options)
    if found is None:
        plan.record(this.label, None, {**this.wanted, "engine_version": version})
        _create(api, this, version)
    elif found["DBInstanceStatus"] in rds.GOOD or options["wait"]:
        _bring_up(api, plan, this, found)
        _grow(api, this, found)
        rds.await_available(api, this.identifier, options["wait_timeout"])
        _modify(api, plan, this)
    if options["wait"]:
        _finish(services, plan, this, groups, new=not password.secret_of(found))
    unmade = {"DBInstanceIdentifier": this.identifier, "DBInstanceStatus": "to be created"}
    facts = transform.facts_of(rds.find(api, this.identifier) or unmade)
    return facts, this.notes + transform.notes_of(facts)


def _refuse_others(services: Services, this: Instance, group: dict[str, Any] | None) -> None:
    """Refuse what belongs to the instance and is somebody else's, before the first is made.

    group: the parameter group, as AWS describes it.
    """
    options, quiet = this.options, services.quiet()
    name, kind = options["parameter_group"]["name"], parameter_group.DB
    subnets, tags = options["subnet_group"], options["tags"]
    subnet_group.ensure_present(quiet.rds, Plan(), "DB", subnets, tags)
    parameter_group.refuse_others(quiet.rds, kind, name, group, tags)
    logs.ensure(quiet.logs, Plan(), this.identifier, this.wanted["log_exports"], options)


def _refuse_other_vpc(services: Services, options: dict[str, Any]) -> None:
    group = options["subnet_group"]
    item = subnet_group.find(services.rds, "DB", group["name"])
    subnet_group.refuse_other_vpc(
        "DB", group, item, lambda subnets: subnet_group.vpc_of_subnets(services.ec2(), subnets)
    )


def _foresee(api: Api, this: Instance, found: dict[str, Any] | None) -> str:
    """Resolve the version, ask AWS what it offers, refuse what it can't change.

    Returns the version to create (that it has, for an instance that is there).
    """
    options, wanted = this.options, this.wanted
    if found is None:
        version = rds.creatable_version(api, options["engine_version"])
        _ask_offers(api, this, version)
        return version
    seen = {**found, **transform.pending_of(found)}
    version = str(seen["EngineVersion"])
    if versions.needs_upgrade(
        this.label, version, options["engine_version"], options["allow_major_version_upgrade"]
    ):
        targets = rds.upgrade_targets(api, version)
        version = versions.target(this.label, version, options["engine_version"], targets)
        wanted["engine_version"] = version
    current = transform.state_of(found, wanted)
    remedies = transform.remedies_for(current, wanted)
    datastore.refuse_unchangeable(this.label, current, wanted, remedies)
    asked = ("instance_class", "storage_type", "multi_az", "performance_insights")
    if any(current.get(field) != wanted.get(field) for field in asked):
        _ask_offers(api, this, version)
    return version


def _ask_offers(api: Api, this: Instance, version: str) -> None:
    """Refuse what AWS does not offer; leave out Performance Insights where the class lacks them."""
    wanted = this.wanted
    offers = rds.offers_of(api, version, wanted["instance_class"])
    insights = rds.check_offers(offers, version, wanted)
    if wanted.get("performance_insights") and not insights:
        wanted["performance_insights"] = False
        wanted.pop("performance_insights_retention_days", None)
        this.notes.append(
            f"{this.label}: Performance Insights stay off, because AWS does not support them with"
            f" {wanted['instance_class']} for PostgreSQL {version}."
        )


def _create(api: Api, this: Instance, version: str) -> None:
    key = this.options["kms_key_arn"]
    keys: dict[str, Any] = {}
    if this.own:
        keys["MasterUserPassword"] = this.own.value
    else:
        keys["ManageMasterUserPassword"] = True
    if key:
        if not this.own:
            keys["MasterUserSecretKmsKeyId"] = key
        if this.wanted.get("performance_insights"):
            keys["PerformanceInsightsKMSKeyId"] = key
    datastore.write_when_free(
        api,
        this.label,
        "create_db_instance",
        {
            "DBInstanceIdentifier": this.identifier,
            "Engine": "postgres",
            "EngineVersion": version,
            "Tags": tag_list(this.wanted["tags"]),
            **transform.create_arguments(this.wanted),
            **keys,
        },
        busy=(),
        missing=datastore.made_already("DBInstance"),
    )


def _bring_up(api: Api, plan: Plan, this: Instance, found: dict[str, Any]) -> None:
    """Start an instance that somebody has stopped: AWS would do so after a week anyway."""
    if found["DBInstanceStatus"] not in ("stopped", "stopping"):
        return
    plan.record(f"{this.label}, whether it runs", "stopped", "available")
    datastore.write_when_free(
        api,
        this.label,
        "start_db_instance",
        {"DBInstanceIdentifier": this.identifier},
        busy=rds.BUSY,
        timeout=this.options["wait_timeout"],
    )


def _grow(api: Api, this: Instance, found: dict[str, Any]) -> None:
    """Give a full instance the storage that is wanted: AWS takes no other change of it before.

    Raises:
        AwsError: it is full, and no more is wanted than it has.
    """
    now, wanted = found.get("AllocatedStorage", 0), this.wanted["allocated_storage"]
    if found["DBInstanceStatus"] != rds.FULL:
        return
    if now >= wanted:
        raise AwsError(
            f"{this.label} has filled its {now} GiB (storage-full), and AWS accepts no change"
            f" except more storage. Set allocated_storage to at least {-(-now * 11 // 10)} GiB"
            f" (now it is {wanted}), and max_allocated_storage above that. Then run again."
        )
    arguments = transform.with_storage(found, {"AllocatedStorage": wanted})
    _send(api, this, ApplyImmediately=True, **arguments)
    if api.check_mode:
        return
    this.grown_from = now

    def pending() -> str | None:
        state = rds.status(api, this.identifier)
        return f"status {state}" if state == rds.FULL else None

    # AWS shows it as full for a while after it took the change.
    wait_until(this.label, pending, timeout=this.options["wait_timeout"])


def _modify(api: Api, plan: Plan, this: Instance) -> None:
    options, wanted = this.options, this.wanted
    instance = rds.must_find(api, this.identifier)
    current = transform.state_of(instance, wanted)
    arn = instance["DBInstanceArn"]
    current["tags"] = datastore.read_tags(api, this.label, arn, wanted["tags"])
    waiting = sorted(transform.pending_of(instance)) if options["apply_immediately"] else []
    before = {} if this.grown_from is None else {"allocated_storage": this.grown_from}
    # What waits for its window is applied now; otherwise it counts as done.
    plan.record(
        this.label,
        {**current, **before, **({"pending": waiting} if waiting else {})},
        {**wanted, **({"pending": []} if waiting else {})},
    )
    arguments = transform.modify_arguments(current, wanted, options["kms_key_arn"])
    arguments = transform.with_storage(instance, arguments)
    if this.own:
        arguments |= this.own.arguments(current)
    if waiting or arguments:
        _send(api, this, ApplyImmediately=options["apply_immediately"], **arguments)
        differing = {field for field in current if current[field] != wanted[field]} - {"tags"}
        password_sent = {PASSWORD} if PASSWORD in arguments else set()
        this.asked = frozenset(differing | password_sent)
    datastore.write_tags(api, this.label, arn, current["tags"], wanted["tags"], rds.BUSY)


def _send(api: Api, this: Instance, **arguments: Any) -> None:
    datastore.write_when_free(
        api,
        this.label,
        "modify_db_instance",
        {"DBInstanceIdentifier": this.identifier, **arguments},
        busy=rds.BUSY,
        timeout=this.options["wait_timeout"],
        hopeless=lambda: rds.refuse_hopeless(api, this.identifier),
    )


def _finish(
    services: Services, plan: Plan, this: Instance, groups: dict[str, Any], *, new: bool
) -> None:
    """Wait, then see to what only an instance that is there can have."""
    api, options = services.rds, this.options
    asked = this.asked or frozenset()
    _await(api, this)
    _verify_taken(api, this, asked & TAKEN_BACK)
    _verify_multi_az(api, this)
    _reboot(api, plan, this)
    if not this.own:
        password.ensure(services.secrets, api, plan, this.identifier, options, new=new)
    used = {options["parameter_group"]["name"]}
    if not (api.check_mode and options["apply_immediately"]):
        instance = rds.find(api, this.identifier) or {}
        used |= {item["DBParameterGroupName"] for item in instance.get("DBParameterGroups") or []}
    parameter_group.retire(
        api,
        plan,
        parameter_group.DB,
        groups,
        pattern_of(this.identifier),
        used,
        options["tags"],
    )


def _await(api: Api, this: Instance) -> None:
    read = rds.applied if this.options["apply_immediately"] else rds.status
    shown = None if this.asked is None else functools.partial(_shows, api, this, this.asked)
    rds.await_available(api, this.identifier, this.options["wait_timeout"], read, shown)
    this.asked = None


def _shows(api: Api, this: Instance, asked: frozenset[str]) -> bool:
    """Whether AWS tells of what was asked for; of a password only while it is pending."""
    instance = rds.must_find(api, this.identifier)
    current = transform.state_of(instance, this.wanted)
    if PASSWORD in asked and PASSWORD not in transform.pending_of(instance):
        return False
    if REBOOT in asked and transform.facts_of(instance)["parameters_pending_reboot"]:
        return False
    return all(current[name] == this.wanted[name] for name in asked - {PASSWORD, REBOOT})


def _verify_taken(api: Api, this: Instance, asked: frozenset[str]) -> None:
    """Read back what AWS begins, gives up, and reports in its events only."""
    if api.check_mode or not asked:
        return
    current = transform.state_of(rds.must_find(api, this.identifier), this.wanted)
    source = (this.identifier, "db-instance")
    datastore.refuse_taken_back(api, this.label, current, this.wanted, asked, source)


def _verify_multi_az(api: Api, this: Instance) -> None:
    """Read back what AWS has been seen to drop without a word; ask once more, then fail."""
    if api.check_mode or not this.wanted["multi_az"]:
        return
    if not _is_single(api, this):
        return
    _send(api, this, MultiAZ=True, ApplyImmediately=this.options["apply_immediately"])
    this.asked = frozenset({"multi_az"})
    _await(api, this)
    if _is_single(api, this):
        raise AwsError(
            f"{this.label} is still single-AZ, although AWS was asked twice for Multi-AZ and"
            " returned no error. Check that its subnet group covers two zones that offer"
            f" {this.wanted['instance_class']}, or choose another instance_class."
        )


def _is_single(api: Api, this: Instance) -> bool:
    instance = rds.must_find(api, this.identifier)
    return not {**instance, **transform.pending_of(instance)}.get("MultiAZ")


def _reboot(api: Api, plan: Plan, this: Instance) -> None:
    """Reboot an instance whose parameters wait for it, if that is allowed."""
    instance = rds.find(api, this.identifier)
    if not this.options["reboot_if_pending"] or instance is None:
        return
    if not transform.facts_of(instance)["parameters_pending_reboot"]:
        return
    plan.record(f"{this.label}, its parameters", "pending-reboot", "in-sync")
    datastore.write_when_free(
        api,
        this.label,
        "reboot_db_instance",
        {"DBInstanceIdentifier": this.identifier},
        busy=rds.BUSY,
        timeout=this.options["wait_timeout"],
    )
    this.asked = frozenset({REBOOT})
    _await(api, this)
