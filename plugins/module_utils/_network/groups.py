# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Security groups of a network: made first, then given their rules, which may name each other."""

from __future__ import annotations

from typing import Any

from ..aws import AwsError
from ..reconcile import UNKNOWN
from . import rules
from .deletion import delete
from .rules import Rule, Rules, Seen
from .run import Run
from .snapshot import Item, filters, only

DIRECTIONS = ("ingress", "egress")
# What AWS gives every new group: all traffic out. It is revoked like any unwanted rule.
OPEN_EGRESS: dict[str, Any] = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def group_name(name: str, key: str) -> str:
    """Return the name of the group with that key: eks_nodes is <network>-eks-nodes."""
    return f"{name}-{key.replace('_', '-')}"


def ensure_groups(run: Run, vpc_id: str, wanted: dict[str, Rules]) -> dict[str, str]:
    """Make all groups and exactly their rules; return ids by key.

    Args:
        wanted: the rules of each group, by key.
    """
    groups: list[dict[str, Any]] = run.options["security_groups"]
    found = {
        group["key"]: item
        for group in groups
        if (item := only(run.seen.groups, "GroupName", group_name(run.name, group["key"])))
    }
    ids = {key: str(item["GroupId"]) for key, item in found.items()}
    tagged: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    for group in groups:
        key = group["key"]
        if key in found:
            name = group_name(run.name, key)
            tagged[key] = run.settle(_label(run, key), found[key], ids[key], name, _extra(group))
        else:
            ids[key] = _create(run, vpc_id, group)
    names = {ident: key for key, ident in {**ids, **run.seen.prefix_lists}.items()}
    controllers = run.seen.controllers(run.cluster)
    for group in groups:
        key = group["key"]
        item = found.get(key, {"IpPermissionsEgress": [OPEN_EGRESS]})
        current = rules.flatten(item, names, controllers)
        _apply(run, key, {**ids, **run.seen.prefix_lists}, current, wanted[key])
        after: dict[str, Any] = {"rules": rules.shown(wanted[key])}
        if key in tagged:
            before = {"rules": _shown(current)}
            run.plan.record(
                _label(run, key), {**before, **tagged[key][0]}, {**after, **tagged[key][1]}
            )
        else:
            after |= {"description": group["description"]}
            tags = run.tags(group_name(run.name, key), _extra(group))
            run.plan.record(_label(run, key), None, {**after, "tags": tags})
    return ids


def ensure_default_group_closed(run: Run) -> None:
    """Take all rules from the VPC's default group, which AWS makes open to itself and outward."""
    label = f"default security group of {run.name}"
    item = only(run.seen.groups, "GroupName", "default")
    if item is None:
        if run.seen.vpc or not run.api.check_mode:
            raise AwsError(
                f"{label}: AWS does not return it, although each VPC has one. So it is unknown"
                " whether the group is closed. Allow ec2:DescribeSecurityGroups for all groups,"
                " then run again."
            )
        run.plan.record(label, None, {"rules": []})
        return
    current = rules.flatten(item, {str(item["GroupId"]): "itself"})
    _revoke(run, label, str(item["GroupId"]), list(current.values()), list(current))
    before, after = run.settle(label, item, str(item["GroupId"]), f"{run.name}-default-closed")
    found = {"rules": _shown(current), **before}
    # With a new VPC the group is new: it opened and closed in this run.
    run.plan.record(label, found if run.seen.vpc else None, {"rules": [], **after})


def remove(run: Run, items: list[Item], also_empty: list[Item] | None = None) -> None:
    """Delete groups; all of them, and those in `also_empty`, lose their rules first.

    Groups name each other, and AWS deletes none that another one names.
    """
    for item in [*items, *(also_empty or [])]:
        current = rules.flatten(item, {})
        _revoke(run, _shown_name(item), str(item["GroupId"]), list(current.values()), list(current))
    for item in items:
        run.plan.record(_shown_name(item), {"id": str(item["GroupId"])}, None)
        delete(run, "delete_security_group", _shown_name(item), GroupId=item["GroupId"])


def _shown_name(item: Item) -> str:
    return f"security group {item['GroupName']}"


def _label(run: Run, key: str) -> str:
    return f"security group {group_name(run.name, key)}"


def _shown(current: dict[Rule, Seen]) -> list[str]:
    return rules.shown({rule: seen.description for rule, seen in current.items()})


def _extra(group: dict[str, Any]) -> dict[str, str]:
    return {"SecurityGroup": group["key"]}


def _create(run: Run, vpc_id: str, group: dict[str, Any]) -> str:
    name = group_name(run.name, group["key"])

    def there() -> dict[str, Any] | None:
        """As _check_group does, its name tells: it is unique in the network."""
        made = run.find(
            "describe_security_groups", "SecurityGroup", filters(vpc_id=vpc_id, group_name=name)
        )
        return made["SecurityGroup"] if made else None

    answer = run.api.create(
        "create_security_group",
        _label(run, group["key"]),
        there,
        GroupName=name,
        Description=group["description"],
        VpcId=vpc_id,
        TagSpecifications=run.specification("security-group", name, _extra(group)),
    )
    return str(answer.get("GroupId", UNKNOWN))


def _apply(
    run: Run, key: str, ids: dict[str, str], current: dict[Rule, Seen], wanted: Rules
) -> None:
    """Allow what is missing before what is too much is revoked: no flow is cut in between."""
    label = _label(run, key)
    for direction in DIRECTIONS:
        here = {rule: text for rule, text in wanted.items() if rule.direction == direction}
        missing = [rule for rule in here if rule not in current]
        renamed = [
            rule for rule in here if rule in current and current[rule].description != here[rule]
        ]
        for operation, changed in (
            (f"authorize_security_group_{direction}", missing),
            (f"update_security_group_rule_descriptions_{direction}", renamed),
        ):
            if changed:
                permissions = [
                    rules.permission(rule, ids, here[rule])
                    for rule in sorted(changed, key=lambda rule: rule.text)
                ]
                run.api.write(operation, label, GroupId=ids[key], IpPermissions=permissions)
    unwanted = [rule for rule in current if rule not in wanted]
    _revoke(run, label, ids[key], [current[rule] for rule in unwanted], unwanted)


def _revoke(run: Run, label: str, group_id: str, seen: list[Seen], unwanted: list[Rule]) -> None:
    for direction in DIRECTIONS:
        permissions = [
            entry.permission
            for rule, entry in zip(unwanted, seen, strict=True)
            if rule.direction == direction
        ]
        if permissions:
            run.api.write(
                f"revoke_security_group_{direction}",
                label,
                missing=("InvalidPermission.NotFound", "InvalidGroup.NotFound"),
                GroupId=group_id,
                IpPermissions=permissions,
            )
