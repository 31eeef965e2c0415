# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Bring a replication group to its state. The token never enters the plan or an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .. import datastore, ownership
from ..aws import AwsError
from ..reconcile import Api, Plan, tag_list
from ..resources import parameter_group, subnet_group
from . import api as cache
from . import checks, transform

TAKEN_BACK = frozenset({"engine", "engine_version", "node_type"})
"""What AWS may leave as it was after it was at work on it."""


@dataclass
class Group:
    """One replication group, and what is wanted of it.

    Args:
        options: the module's.
        wanted: the state that follows from them.
        accepted: whether nothing of it was found that AWS can't do.
    """

    options: dict[str, Any]
    wanted: datastore.State
    accepted: bool = False

    @property
    def id(self) -> str:
        """Identifier of the group."""
        return str(self.options["replication_group_id"])

    @property
    def label(self) -> str:
        """How errors and plans call it."""
        return f"replication group {self.id}"


def pattern_of(group_id: str) -> str:
    """Return how the group's parameter groups are called: one for each engine and major version."""
    return rf"{group_id}-(redis|valkey)\d+"


def ensure_present(
    api: Api, plan: Plan, options: dict[str, Any], ec2: Callable[[], Api] | None = None
) -> dict[str, Any]:
    """Make or modify the group with its subnet and parameter groups; return its facts.

    Without `wait` a group that AWS is still at work on is left as it is: the
    call that waits compares it.

    Args:
        ec2: connects to EC2, which is asked for the VPC of subnets that differ.
    """
    this = Group(options, transform.wanted_of(options))
    checks.check(this.label, options)
    found = cache.find(api, this.id)
    _refuse(api, this, found)
    subnets = options["subnet_group"]
    if ec2 is not None:
        item = subnet_group.find(api, "Cache", subnets["name"])
        subnet_group.refuse_other_vpc(
            "Cache", subnets, item, lambda ids: subnet_group.vpc_of_subnets(ec2(), ids)
        )
    groups = parameter_group.listed(api, parameter_group.CACHE)
    name, kind = options["parameter_group"]["name"], parameter_group.CACHE
    # Whose each of them is, before the first is made.
    quiet = api.quiet()
    subnet_group.ensure_present(quiet, Plan(), "Cache", subnets, options["tags"])
    parameter_group.refuse_others(quiet, kind, name, groups.get(name), options["tags"])

    subnet_group.ensure_present(api, plan, "Cache", subnets, options["tags"])
    parameter_group.ensure(
        api,
        plan,
        kind,
        options["parameter_group"],
        checks.family_of(options["engine"], options["engine_version"]),
        options["tags"],
        groups.get(name),
    )
    if found is None:
        plan.record(this.label, None, this.wanted)
        _create(api, this)
    elif found["Status"] in cache.GOOD or options["wait"]:
        cache.await_available(api, this.id, options["wait_timeout"])
        _modify(api, plan, this)
    if options["wait"]:
        cache.await_available(api, this.id, options["wait_timeout"])
        _verify(api, this)
        _retire(api, plan, this, groups)
    unmade = {"ReplicationGroupId": this.id, "Status": "to be created"}
    return transform.facts_of(cache.find(api, this.id) or unmade)


def _refuse(api: Api, this: Group, found: dict[str, Any] | None) -> None:
    """Refuse what AWS can't do, before anything is sent."""
    options, wanted = this.options, this.wanted
    if found is None:
        cache.check_version(api, options["engine"], options["engine_version"])
        return
    if found["Status"] == "deleting":
        raise AwsError(f"{this.label} is being deleted. Wait until it is gone, then run again.")
    if found["Status"] not in cache.GOOD:
        return  # AWS takes no question about it yet; what waits for it compares it
    _accept(api, this, found, transform.state_of(found, cache.member_of(api, found), wanted))


def _accept(api: Api, this: Group, found: dict[str, Any], current: datastore.State) -> None:
    options, wanted = this.options, this.wanted
    tags = cache.tags_of(api, found, options["wait_timeout"])
    ownership.refuse_others(this.label, tags, wanted["tags"])
    datastore.refuse_unchangeable(this.label, current, wanted, transform.REMEDIES)
    if current["encryption_in_transit"] and not wanted["encryption_in_transit"]:
        raise AwsError(
            f"{this.label}: encryption_in_transit is True, and cannot be changed to False."
            f" {transform.PLAIN}"
        )
    checks.refuse_way_back(this.label, current, wanted)
    if any(current[field] != wanted[field] for field in ("engine", "engine_version")):
        cache.check_version(api, options["engine"], options["engine_version"])
    if current["node_type"] != wanted["node_type"]:
        cache.check_node_type(api, this.label, this.id, options["node_type"])
    _refuse_access(this, current)
    this.accepted = True


def _refuse_access(this: Group, current: datastore.State) -> None:
    strategy = this.options["auth_token_update_strategy"]
    if strategy == "rotate" and not current["auth_token"]:
        raise AwsError(
            f"{this.label} has no token yet, so rotate would leave it open to everybody. Use set,"
            " or remove the strategy."
        )
    bare = current["auth_token"] and not this.wanted["auth_token"]
    if bare and not this.wanted["user_groups"] and strategy != "delete":
        raise AwsError(
            f"{this.label} has a token, but no auth_token is given. To remove the token, set"
            " auth_token_update_strategy: delete, or give a user_group_id."
        )


def _create(api: Api, this: Group) -> None:
    token = {"AuthToken": this.options["auth_token"]} if this.options["auth_token"] else {}
    api.write(
        "create_replication_group",
        this.label,
        datastore.made_already("ReplicationGroup"),
        ReplicationGroupId=this.id,
        Tags=tag_list(this.wanted["tags"]),
        **transform.create_arguments(this.wanted),
        **token,
    )


def _modify(api: Api, plan: Plan, this: Group) -> None:
    """Replicas come before what needs them (failover) and go after it."""
    group, wanted = cache.must_find(api, this.id), this.wanted
    current = transform.state_of(group, cache.member_of(api, group), wanted)
    if not this.accepted:
        _accept(api, this, group, current)
    tags = cache.tags_of(api, group, this.options["wait_timeout"])
    current["tags"] = {key: tags[key] for key in wanted["tags"] if key in tags}
    strategy = this.options["auth_token_update_strategy"]
    rotation = {"auth_token_update": strategy} if strategy else {}
    plan.record(this.label, current, {**wanted, **rotation})

    if wanted["encryption_in_transit"] and not current["encryption_in_transit"]:
        for step in transform.encryption_steps(group):
            _apply(api, this, **step)
    if wanted["replicas"] > current["replicas"]:
        _scale(api, this, "increase_replica_count")
    if arguments := transform.modify_arguments(current, wanted, cache.must_find(api, this.id)):
        _apply(api, this, now=this.options["apply_immediately"], **arguments)
    _give_access(api, this, current)
    if wanted["replicas"] < current["replicas"]:
        _scale(api, this, "decrease_replica_count")
    datastore.write_tags(api, this.label, group["ARN"], current["tags"], wanted["tags"], cache.BUSY)


def _give_access(api: Api, this: Group, current: datastore.State) -> None:
    """Change user groups, then the token: AWS takes a token in a call of its own."""
    strategy = this.options["auth_token_update_strategy"]
    if arguments := transform.access_arguments(current, this.wanted):
        _apply(api, this, **arguments)
        if "AuthTokenUpdateStrategy" in arguments:
            return
    if this.wanted["auth_token"] and not current["auth_token"]:
        # Rotating here would leave the way without a token open.
        strategy = "set"
    if strategy:
        token = {} if strategy == "delete" else {"AuthToken": this.options["auth_token"]}
        _apply(api, this, AuthTokenUpdateStrategy=strategy.upper(), **token)


def _scale(api: Api, this: Group, operation: str) -> None:
    arguments = {"NewReplicaCount": this.wanted["replicas"], "ApplyImmediately": True}
    _send(api, this, operation, arguments)


def _apply(api: Api, this: Group, *, now: bool = True, **arguments: Any) -> None:
    _send(api, this, "modify_replication_group", {"ApplyImmediately": now, **arguments})


def _send(api: Api, this: Group, operation: str, arguments: dict[str, Any]) -> None:
    """Send a change when AWS takes one, and wait until it is made: the next one needs that."""
    timeout = this.options["wait_timeout"]
    datastore.write_when_free(
        api,
        this.label,
        operation,
        {"ReplicationGroupId": this.id, **arguments},
        busy=cache.BUSY,
        timeout=timeout,
        hopeless=lambda: cache.refuse_hopeless(api, this.id),
    )
    cache.await_available(
        api, this.id, timeout, lambda: cache.shows(api, this.id, this.wanted, arguments)
    )


def _verify(api: Api, this: Group) -> None:
    """Read back what keeps the group alive when a zone fails, and what AWS may have given up."""
    if api.check_mode:
        return
    group = cache.must_find(api, this.id)
    if this.options["apply_immediately"]:
        current = transform.state_of(group, cache.member_of(api, group), this.wanted)
        source = (this.id, "replication-group")
        datastore.refuse_taken_back(api, this.label, current, this.wanted, TAKEN_BACK, source)
    facts = transform.facts_of(group)
    for field in ("automatic_failover", "multi_az"):
        if this.wanted[field] and not facts[field]:
            raise AwsError(
                f"{this.label}: AWS accepted {field} without an error, but did not turn it on."
                " Check that its subnet group covers two zones that offer"
                f" {this.wanted['node_type']}, then run again."
            )


def _retire(api: Api, plan: Plan, this: Group, groups: dict[str, Any]) -> None:
    """Remove parameter groups of a former engine or version."""
    used = {this.wanted["parameter_group"]}
    group = cache.find(api, this.id)
    if group and not (api.check_mode and this.options["apply_immediately"]):
        member = cache.member_of(api, group)
        used.add(member.get("CacheParameterGroup", {}).get("CacheParameterGroupName", ""))
    parameter_group.retire(
        api,
        plan,
        parameter_group.CACHE,
        groups,
        pattern_of(this.id),
        used,
        this.options["tags"],
    )
