# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Windows in which AWS makes backups and does maintenance: their form, length and overlap."""

from __future__ import annotations

import re

from .aws import AwsError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60
WEEK = 7 * DAY
_TIME = r"([01]\d|2[0-3]):([0-5]\d)"
_DAILY = re.compile(rf"{_TIME}-{_TIME}")
_WEEKLY = re.compile(rf"({'|'.join(DAYS)}):{_TIME}-({'|'.join(DAYS)}):{_TIME}")

Span = tuple[int, int]
"""Start and length in minutes."""


def daily(text: str, what: str) -> Span:
    """Return a daily window (hh:mm-hh:mm, UTC) as start in the day and length.

    Args:
        what: the option, for the error.

    Raises:
        AwsError: it has another form.
    """
    match = _DAILY.fullmatch(text)
    if match is None:
        raise AwsError(f"{what} is {text!r}, but must be hh:mm-hh:mm in UTC, such as 02:00-03:00.")
    hour, minute, end_hour, end_minute = map(int, match.groups())
    start, end = hour * 60 + minute, end_hour * 60 + end_minute
    return start, (end - start) % DAY


def weekly(text: str, what: str) -> Span:
    """Return a weekly window (ddd:hh:mm-ddd:hh:mm, UTC) as start in the week and length.

    Raises:
        AwsError: it has another form.
    """
    match = _WEEKLY.fullmatch(text.lower())
    if match is None:
        raise AwsError(
            f"{what} is {text!r}, but must be ddd:hh:mm-ddd:hh:mm in UTC, such as"
            " sun:04:00-sun:05:00."
        )
    day, hour, minute, end_day, end_hour, end_minute = match.groups()
    start = DAYS.index(day) * DAY + int(hour) * 60 + int(minute)
    end = DAYS.index(end_day) * DAY + int(end_hour) * 60 + int(end_minute)
    return start, (end - start) % WEEK


def check(
    backup: str | None,
    maintenance: str | None,
    *,
    backup_option: str,
    shortest_backup: int,
    shortest_maintenance: int,
) -> None:
    """Refuse windows that AWS would refuse after half of the work is done.

    Args:
        backup: the daily window, None when AWS chooses it.
        maintenance: the weekly window, None when AWS chooses it.
        backup_option: what the daily window is called.
        shortest_backup, shortest_maintenance: minutes that AWS asks for.

    Raises:
        AwsError: a wrong form, too short, a day or longer, or both at the same time.
    """
    spans = {}
    if backup is not None:
        spans[backup_option] = daily(backup, backup_option), shortest_backup, backup
    if maintenance is not None:
        span = weekly(maintenance, "maintenance_window")
        spans["maintenance_window"] = span, shortest_maintenance, maintenance
    for what, ((_, length), shortest, text) in spans.items():
        if not shortest <= length < DAY:
            raise AwsError(
                f"{what} {text} lasts {length} minutes, but AWS allows {shortest} minutes to less"
                " than a day."
            )
    if backup is not None and maintenance is not None:
        _refuse_overlap(backup, maintenance, backup_option)


def _refuse_overlap(backup: str, maintenance: str, backup_option: str) -> None:
    start, length = daily(backup, backup_option)
    for day in range(len(DAYS)):
        if overlap((day * DAY + start, length), weekly(maintenance, "maintenance_window")):
            raise AwsError(
                f"{backup_option} {backup} overlaps maintenance_window {maintenance} on"
                f" {DAYS[day]}, which AWS does not allow. Move one of them."
            )


def overlap(one: Span, other: Span) -> bool:
    """Return whether two windows of the week have a minute in common."""
    return (other[0] - one[0]) % WEEK < one[1] or (one[0] - other[0]) % WEEK < other[1]
