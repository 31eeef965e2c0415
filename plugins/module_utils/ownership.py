# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Whose resource is it? Told by the tags Project and Environment, as everywhere in the platform.

A resource of our name may be somebody else's (other values), ours (the same
values) or undecided (tags were removed, or never set by a run that was killed).
"""

from __future__ import annotations

from collections.abc import Mapping

from .aws import AwsError

IDENTITY = ("Project", "Environment")
"""The tags that say whose a resource is."""


def identity(wanted: Mapping[str, str]) -> dict[str, str]:
    """Return those of the wanted tags that say whose a resource is."""
    return {key: str(wanted[key]) for key in IDENTITY if key in wanted}


def is_ours(current: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Return whether a resource's tags prove that it is ours."""
    mine = identity(wanted)
    return bool(mine) and mine.items() <= current.items()


def is_foreign(current: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Return whether a resource's tags say that it is somebody else's."""
    return any(current.get(key, value) != value for key, value in identity(wanted).items())


def refuse_foreign(label: str, current: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Refuse to touch a resource that is somebody else's.

    Raises:
        AwsError: its tags Project or Environment have other values than ours.
    """
    if is_foreign(current, wanted):
        raise AwsError(
            f"{label} is somebody else's: it is tagged {_said(current)}, ours is tagged "
            f"{_said(identity(wanted))}. Nothing was changed. Choose another platform_project or "
            "platform_environment, or correct its tags if it is ours."
        )


def require_ours(label: str, current: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Refuse to destroy what is not provably ours.

    Raises:
        AwsError: the tags Project and Environment are not both ours.
    """
    if not is_ours(current, wanted):
        raise AwsError(
            f"{label} is not removed: it is tagged {_said(current)}, not "
            f"{_said(identity(wanted))}. Nothing was changed. If it is ours, add these tags and "
            "run again; otherwise leave it."
        )


def _said(tags: Mapping[str, str]) -> str:
    found = [f"{key}={tags[key]}" for key in IDENTITY if key in tags]
    return ", ".join(found) or "with neither Project nor Environment"
