# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Which version of PostgreSQL an instance gets, and to which it may go. Pure: no AWS call."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..aws import AwsError
from ..datastore import version_satisfies

satisfies = version_satisfies


def major(version: str) -> str:
    """Return the major version: 15 of 15.18."""
    return version.split(".")[0]


def order(version: str) -> list[int]:
    """Return what versions are sorted by."""
    return [int(part) if part.isdigit() else 0 for part in version.split(".")]


def is_major_step(current: str, wanted: str) -> bool:
    """Return whether going from one version to the other is a major upgrade."""
    return major(current) != major(wanted)


def newest(available: Iterable[str], wanted: str) -> str:
    """Return the newest version that is the wanted one or lies under it.

    Raises:
        AwsError: AWS creates none; the text lists what it creates.
    """
    versions = list(available)
    fitting = [version for version in versions if satisfies(version, wanted)]
    if not fitting:
        listed = ", ".join(sorted(versions, key=order)) or "nothing at all"
        raise AwsError(
            f"AWS does not offer PostgreSQL {wanted} in this region any more. It offers {listed}."
            " Choose one of these, preferably by its major version only."
        )
    return max(fitting, key=order)


def needs_upgrade(label: str, current: str, wanted: str, allow_major: bool) -> bool:
    """Return whether an instance must be upgraded.

    Raises:
        AwsError: the wanted version is older, or a major upgrade is not allowed.
    """
    if satisfies(current, wanted):
        return False
    if order(wanted) < order(current)[: len(order(wanted))]:
        raise AwsError(
            f"{label} runs PostgreSQL {current}, and AWS cannot downgrade it to {wanted}. Keep"
            f" {major(current)}, or restore a snapshot from before the upgrade into a new"
            " instance."
        )
    if is_major_step(current, wanted) and not allow_major:
        raise AwsError(
            f"{label} runs PostgreSQL {current}, not {wanted}. A major upgrade stops the server"
            " for minutes and cannot be undone. Make a snapshot, test the upgrade on a copy, then"
            " run with allow_major_version_upgrade: true."
        )
    return True


def target(label: str, current: str, wanted: str, targets: Collection[str]) -> str:
    """Return the version to upgrade to.

    Args:
        targets: to which AWS upgrades from the current version.

    Raises:
        AwsError: AWS does not go there directly.
    """
    fitting = [version for version in targets if satisfies(version, wanted)]
    if not fitting:
        listed = ", ".join(sorted(targets, key=order)) or "no other version"
        raise AwsError(
            f"{label} runs PostgreSQL {current}, and AWS cannot upgrade it to {wanted} directly."
            f" It can upgrade it to {listed}. Choose one of these."
        )
    return max(fitting, key=order)
