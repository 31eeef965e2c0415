# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Security groups of a network: made first, then given their rules, which may name each other."""

from __future__ import annotations

from typing import Any

from ansible_collections.ragops.platform.plugins.module_utils._network import layout
from ansible_collections.ragops.platform.plugins.module_utils._network.present import Run
from ansible_collections.ragops.platform.plugins.module_utils._network.snapshot import (
    Item,
    only,
)
from ansible_collections.ragops.platform.plugins.module_utils.aws import (
    AwsError,
    tag_dict,
)
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    UNKNOWN,
)

DIRECTIONS = ("ingress", "egress")
# What AWS gives every new group: all traffic out. It is revoked like any unwanted rule.
OPEN_EGRESS: dict[str, Any] = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def group_name(run: Run, key: str) -> str:
    """Return the name of the group with that key: eks_nodes is <network>-eks-nodes."""
    return f"{run.name}-{key.replace('_', '-')}"


def ensure_groups(run: Run, vpc_id: str) -> dict[str, str]:
    """Make all groups and exactly their rules; return ids by key."""
    wanted: list[dict[str, Any]] = run.options["security_groups"]
    keys = {group["key"] for group in wanted}
    rules = {group["key"]: layout.rules_of(group, keys) for group in wanted}
    found = {
        key: item
        for key in keys
        if (item := only(run.seen.groups, "GroupName", group_name(run, key)))
    }
    ids = {key: str(item["GroupId"]) for key, item in found.items()}
    labels = {key: f"security group {group_name(run, key)}" for key in keys}
    tagged: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    for group in wanted:
        key = group["key"]
        if key in found:
            tagged[key] = _settle(run, labels[key], found[key], group)
        else:
            ids[key] = _create(run, labels[key], vpc_id, group)
            found[key] = {"IpPermissionsEgress": [OPEN_EGRESS]}
    keys_by_id = {group_id: key for key, group_id in ids.items() if group_id != UNKNOWN}
    for group in wanted:
        key = group["key"]
        current = layout.flatten_rules(found[key], keys_by_id)
        _apply(run, labels[key], ids, key, current, rules[key])
        after = {"rules": sorted(rule.text for rule in rules[key])}
        if key in tagged:
            before = {"rules": sorted(rule.text for rule in current)}
            run.plan.record(labels[key], {**before, **tagged[key][0]}, {**after, **tagged[key][1]})
        else:
            tags = run.tags(group_name(run, key), _extra(group))
            run.plan.record(labels[key], None, {**after, "tags": tags})
    return ids


def ensure_default_group_closed(run: Run) -> None:
    """Take all rules from the VPC's default group, which AWS makes open to itself and outward."""
    label = f"default security group of {run.name}"
    item = only(run.seen.groups, "GroupName", "default")
    if item is None:
        run.plan.record(label, None, {"rules": []})
        return
    current = layout.flatten_rules(item, {str(item["GroupId"]): "itself"})
    _revoke(run, label, str(item["GroupId"]), current, set(current))
    before, after = run.settle(label, item, str(item["GroupId"]), f"{run.name}-default-closed")
    run.plan.record(
        label,
        {"rules": sorted(rule.text for rule in current), **before},
        {"rules": [], **after},
    )


def _extra(group: dict[str, Any]) -> dict[str, str]:
    return {"SecurityGroup": group["key"]}


def _create(run: Run, label: str, vpc_id: str, group: dict[str, Any]) -> str:
    name = group_name(run, group["key"])
    answer = run.api.write(
        "create_security_group",
        label,
        GroupName=name,
        Description=group["description"],
        VpcId=vpc_id,
        TagSpecifications=run.specification("security-group", name, _extra(group)),
    )
    return str(answer.get("GroupId", UNKNOWN))


def _settle(
    run: Run, label: str, item: Item, group: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    if item["Description"] != group["description"]:
        raise AwsError(
            f"{label} ({item['GroupId']}) has the description {item['Description']!r}, wanted is "
            f"{group['description']!r}: AWS cannot change it. Keep the text."
        )
    name = group_name(run, group["key"])
    if tag_dict(item.get("Tags")).get("SecurityGroup") not in (None, group["key"]):
        raise AwsError(f"{label} ({item['GroupId']}) is tagged as another group.")
    return run.settle(label, item, str(item["GroupId"]), name, _extra(group))


def _apply(
    run: Run,
    label: str,
    ids: dict[str, str],
    key: str,
    current: dict[layout.Rule, dict[str, Any]],
    wanted: set[layout.Rule],
) -> None:
    """Allow what is missing before what is too much is revoked: no flow is cut in between."""
    for direction in DIRECTIONS:
        missing = sorted(
            (rule for rule in wanted - set(current) if rule.direction == direction),
            key=lambda rule: rule.text,
        )
        if missing:
            run.api.write(
                f"authorize_security_group_{direction}",
                label,
                GroupId=ids[key],
                IpPermissions=[layout.permission(rule, ids) for rule in missing],
            )
    _revoke(run, label, ids[key], current, set(current) - wanted)


def _revoke(
    run: Run,
    label: str,
    group_id: str,
    current: dict[layout.Rule, dict[str, Any]],
    unwanted: set[layout.Rule],
) -> None:
    for direction in DIRECTIONS:
        rules = sorted(
            (rule for rule in unwanted if rule.direction == direction), key=lambda rule: rule.text
        )
        if rules:
            run.api.write(
                f"revoke_security_group_{direction}",
                label,
                GroupId=group_id,
                IpPermissions=[current[rule] for rule in rules],
            )
