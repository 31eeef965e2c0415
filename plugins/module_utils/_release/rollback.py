# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The way back to an earlier release: which revision, and why there may be none."""

from __future__ import annotations

from collections.abc import Collection

from .records import Records


def target(records: Records, revisions: Collection[int], asked: int) -> int:
    """Return the revision to go back to; 0 without one.

    Of those with what runs now, none is a way back: a rollback makes a copy.

    Args:
        records: by number of the revision.
        revisions: numbers that Helm keeps.
        asked: number that somebody chose; 0 for the last other one that was verified.
    """
    now = records.get(str(max(revisions, default=0)), {}).get("checksum", "")
    others = [found["revision"] for found in records.values() if found["checksum"] != now]
    return int(asked or max(others, default=0))


def refusal(
    records: Records,
    revisions: Collection[int],
    wanted: int,
    unverified: bool,
    where: str,
) -> str:
    """Return why a release is not taken back to a revision; empty if it may be.

    Args:
        records: by number of the revision.
        revisions: numbers that Helm keeps.
        wanted: the revision to go back to; 0 without one.
        unverified: whether it may be one that was never verified.
        where: the release and its namespace, as messages name them.
    """
    verified = ", ".join(str(number) for number in sorted(map(int, records))) or "none"
    choice = f"verified are: {verified}."
    if not revisions:
        return f"Release {where} does not exist, so there is nothing to roll back."
    if not wanted:
        return f"Release {where} has no other verified revision to roll back to; {choice}"
    if wanted not in revisions:
        there = ", ".join(map(str, revisions))
        return f"Release {where} has no revision {wanted}; there are: {there}, {choice}"
    if str(wanted) not in records and not unverified:
        return (
            f"Release {where}: revision {wanted} was never verified; {choice} To roll back to it"
            " anyway: -e app_rollout_unverified=true."
        )
    return ""


def stays(records: Records, planned: bool, changed: bool, wanted: bool, where: str) -> str:
    """Return why a rollout that failed is not taken back; empty if it is.

    Args:
        records: by number of the revision.
        planned: whether this is a plan.
        changed: whether the rollout changed the release.
        wanted: whether failures are taken back at all.
        where: the release and its namespace, as messages name them.
    """
    if planned:
        return "This was a plan, so nothing was changed."
    if not changed:
        return "This run did not change the release, so there is nothing to roll back."
    if not wanted:
        return (
            "The release was not rolled back (app_rollout_rollback is false), so the failed"
            " revision is still deployed."
        )
    if not records:
        return f"No revision of {where} was ever verified, so there is none to roll back to."
    return ""
