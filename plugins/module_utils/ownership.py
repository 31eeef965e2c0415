# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Whose resource is it? Told by four tags together, as everywhere in the platform.

Project and Environment are tags that companies ask of every team, and Terraform sets them, too.
Only with Component and ManagedBy, whose value is the platform's own, do they prove that this
platform made a resource. AWS takes tags in the call that makes a resource, so that no killed run
leaves one without them. What AWS itself makes under a name that holds ours (a log group) has none.
"""

from __future__ import annotations

from collections.abc import Mapping

from .aws import AwsError

PLATFORM = ("Project", "Environment")
"""The tags that name a platform; they prove nothing by themselves."""
MANAGED_BY = "ragops.platform"
"""The value of the tag ManagedBy, which nobody else sets."""
IDENTITY = (*PLATFORM, "ManagedBy")
"""The tags that say of which platform a resource is, whichever of its components made it."""
PROOF = (*PLATFORM, "Component", "ManagedBy")
"""The tags that together say whose a resource is."""


class NotOurs(AwsError):
    """A resource of our name is somebody else's."""


def identity(project: str, environment: str) -> dict[str, str]:
    """Return the tags that say that a resource is of this platform."""
    return dict(zip(IDENTITY, (project, environment, MANAGED_BY), strict=True))


def proof(wanted: Mapping[str, str]) -> dict[str, str]:
    """Return those of the wanted tags that say whose a resource is."""
    return {key: str(wanted[key]) for key in PROOF if key in wanted}


def is_ours(current: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Return whether a resource's tags prove that it is ours."""
    mine = proof(wanted)
    return bool(mine) and mine.items() <= current.items()


def is_takeable(current: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Return whether a resource of our name may be taken up, and its lost tags set again.

    Its ManagedBy must be the platform's own, and none of the others may contradict. Who wants no
    ManagedBy takes up what does not contradict.
    """
    mine = proof(wanted)
    contradicts = any(current.get(key, value) != value for key, value in mine.items())
    return not contradicts and ("ManagedBy" not in mine or "ManagedBy" in current)


def is_of_platform(current: Mapping[str, str], project: str, environment: str) -> bool:
    """Return whether a resource is of this platform, whichever of its components made it."""
    return identity(project, environment).items() <= current.items()


def refuse_others(label: str, current: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Refuse to take up, or to change, a resource of our name that is not provably ours.

    Raises:
        NotOurs: see `is_takeable`.
    """
    if not is_takeable(current, wanted):
        raise NotOurs(
            f"{label} belongs to somebody else: it is tagged {_said(current)}, ours is tagged "
            f"{_said(proof(wanted))}. Nothing of it was changed. Rename it, or choose another "
            "platform_project or platform_environment. If this platform made it, or shall take it "
            f"over with all that it holds, tag it ({_command(wanted)}) and look at the plan."
        )


def refuse_claimed(label: str, current: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Refuse what somebody else tagged; without any of the four tags AWS itself has made it.

    Raises:
        NotOurs: it carries one of the four tags, and is not ours (see `is_takeable`).
    """
    if any(key in current for key in PROOF):
        refuse_others(label, current, wanted)


def refuse_damaged(label: str, current: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Refuse to pass over what is ours but for a lost ManagedBy; another's of our name is nothing.

    For kinds of which AWS lets several carry one name (a VPC, an instance).

    Raises:
        NotOurs: its other tags are all ours, and nobody says who manages it.
    """
    rest = {key: value for key, value in proof(wanted).items() if key != "ManagedBy"}
    if "ManagedBy" not in current and rest and rest.items() <= current.items():
        require_ours(label, current, wanted)


def require_ours(label: str, current: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Refuse to destroy what is not provably ours.

    Raises:
        NotOurs: one of its four tags is missing or has another value.
    """
    if not is_ours(current, wanted):
        raise NotOurs(
            f"{label} is not removed: it is tagged {_said(current)}, not "
            f"{_said(proof(wanted))}. Nothing was changed. If it is ours, tag it "
            f"({_command(wanted)}) and run again; otherwise leave it, and rename it or choose "
            "another platform_project or platform_environment."
        )


def _command(wanted: Mapping[str, str]) -> str:
    """Return the command that tags a resource as ours; others of its tags stay."""
    tags = ",".join(f"{key}={value}" for key, value in proof(wanted).items())
    return f"aws resourcegroupstaggingapi tag-resources --resource-arn-list <its ARN> --tags {tags}"


def _said(tags: Mapping[str, str]) -> str:
    found = [f"{key}={tags[key]}" for key in PROOF if key in tags]
    return ", ".join(found) or f"with none of {', '.join(PROOF)}"
