# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What RDS and ElastiCache have in common: tags, states, and what cannot change."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from . import ownership
from .aws import AwsError, is_denied, tag_dict, wait_until
from .reconcile import Api, missing_tags, tag_list

State = dict[str, Any]

NAME = re.compile(r"[a-z](?:-?[a-z0-9])*")
"""An identifier as RDS and ElastiCache take it, in the case in which they keep it."""
FREE_TIMEOUT = 600.0
"""Seconds for which a call is tried again while AWS is at work on its resource."""
UNSEEN = 30.0
"""Seconds within which AWS shows that it is at work on a change that it took."""


def check_name(option: str, name: str, longest: int) -> None:
    """Refuse an identifier that AWS refuses.

    Raises:
        AwsError: with the rule that it breaks.
    """
    if len(name) > longest or NAME.fullmatch(name) is None:
        raise AwsError(
            f"{option} is {name!r}, but AWS allows 1 to {longest} lower-case letters, digits and"
            " single hyphens, with a letter first and no hyphen last."
        )


def made_already(kind: str) -> tuple[str, ...]:
    """Return the error codes of a creation whose answer was lost on the way and that was repeated.

    Whoever treats them as done has seen just before that there was none.
    """
    return (f"{kind}AlreadyExists", f"{kind}AlreadyExistsFault")


def write_when_free(
    api: Api,
    label: str,
    operation: str,
    arguments: Mapping[str, Any],
    *,
    busy: Collection[str],
    missing: Collection[str] = (),
    timeout: float = FREE_TIMEOUT,
    hopeless: Callable[[], object] | None = None,
) -> dict[str, Any]:
    """Call a mutating operation, again while AWS is at work on the resource.

    Args:
        busy: error codes of a resource that another change holds.
        missing: error codes of one that is not there.
        timeout: seconds to try.
        hopeless: called between tries; raises when the resource will never be free.

    Raises:
        AwsError: another error, or the time is over; then with AWS's last refusal.
    """
    answer: dict[str, Any] = {}

    def attempt() -> str | None:
        try:
            answer.update(api.write(operation, label, missing, **arguments))
        except AwsError as error:
            if error.code not in busy:
                raise
            if hopeless:
                hopeless()
            return str(error)
        return None

    wait_until(f"{operation} of {label}", attempt, timeout=timeout)
    return answer


def text_tags(tags: Mapping[str, Any]) -> dict[str, str]:
    """Return tags with values as text, as AWS stores them."""
    return {key: str(value) for key, value in tags.items()}


def tags_of(api: Api, label: str, arn: str, missing: Collection[str] = ()) -> dict[str, str] | None:
    """Return a resource's tags; None when it is gone, though it was listed just now.

    missing: error codes of one that is gone.
    """
    try:
        answer = api.read("list_tags_for_resource", label, ResourceName=arn)
    except AwsError as error:
        if error.code not in missing:
            raise
        return None
    return tag_dict(answer.get("TagList"))


def read_tags(api: Api, label: str, arn: str, wanted: Mapping[str, str]) -> dict[str, str]:
    """Return those of a resource's tags that are wanted to be there.

    Raises:
        AwsError: the resource is not ours.
    """
    current = tags_of(api, label, arn) or {}
    ownership.refuse_others(label, current, wanted)
    return {key: current[key] for key in wanted if key in current}


def write_tags(
    api: Api,
    label: str,
    arn: str,
    current: Mapping[str, str],
    wanted: Mapping[str, str],
    busy: Collection[str] = (),
) -> None:
    """Add the tags that are missing or differ.

    busy: error codes of a resource that AWS is still at work on.
    """
    if missing := missing_tags(current, wanted):
        arguments = {"ResourceName": arn, "Tags": tag_list(missing)}
        write_when_free(api, label, "add_tags_to_resource", arguments, busy=busy)


def refuse_unchangeable(
    label: str, current: State, wanted: State, remedies: Mapping[str, str]
) -> None:
    """Refuse a difference that AWS cannot repair in place.

    Args:
        remedies: what to do instead, by field.

    Raises:
        AwsError: a field of `remedies` differs; nothing has been changed yet.
    """
    for field, remedy in remedies.items():
        if field in wanted and current.get(field) != wanted[field]:
            raise AwsError(
                f"{label}: {field} is {current.get(field)!r}, and AWS cannot change it "
                f"to {wanted[field]!r} in place. {remedy}"
            )


def version_satisfies(current: str, wanted: str) -> bool:
    """Return whether a version is the wanted one or lies under it: 15.17 under 15, 7.1.0 under 7.1.

    Releases of one line are left to AWS's own minor upgrades.
    """
    return current == wanted or current.startswith(f"{wanted}.")


def recent_events(api: Api, source: str, source_type: str) -> str:
    """Return the last messages that AWS recorded of a resource, for an error's cause.

    A caller that may not read them is told of the error, and where its cause is to be found.
    """
    try:
        events = api.pages(
            "describe_events",
            "Events",
            source,
            SourceIdentifier=source,
            SourceType=source_type,
            Duration=60,
        )
    except AwsError as error:
        if not is_denied(error):
            raise
        return (
            "the events of AWS contain the reason, but the caller may not read them"
            f" ({error.action})"
        )
    messages = [str(event.get("Message", "")) for event in events[-3:]]
    return "; ".join(messages) or "AWS recorded no event for it in the last hour"


def lost(api: Api, label: str, status: str | None, source: tuple[str, str]) -> AwsError:
    """Return the error for a resource in a state that it will not leave, with AWS's last events."""
    return AwsError(
        f"{label} is {status or 'gone'} and cannot recover by itself:"
        f" {recent_events(api, *source)}. Remove the cause (or delete it), and run again."
    )


def refuse_taken_back(
    api: Api,
    label: str,
    current: State,
    wanted: State,
    fields: Collection[str],
    source: tuple[str, str],
) -> None:
    """Raise if AWS took a change, was at work on it, and left the resource as it had been.

    So it does without an error: with an upgrade whose checks fail, or a class that it has no
    machine of. Only its events tell.

    Args:
        current, wanted: states of the resource, after the wait.
        fields: those to look at.
        source: identifier and type of the resource's events.
    """
    left = [
        f"{name} {current.get(name)} (should be {wanted[name]})"
        for name in sorted(fields)
        if name in wanted and current.get(name) != wanted[name]
    ]
    if left:
        raise AwsError(
            f"{label}: AWS accepted the change without an error, but did not change"
            f" {', '.join(left)}: {recent_events(api, *source)}. Remove the cause, and run again."
        )


def still_there(label: str, found: State | None) -> State:
    """Return what was found of a resource that was there a moment ago.

    Raises:
        AwsError: it vanished.
    """
    if found is None:
        raise AwsError(f"{label} was deleted during the wait. Run again.")
    return found


def await_status(
    api: Api,
    label: str,
    read: Any,
    *,
    source: tuple[str, str],
    good: tuple[str, ...],
    bad: tuple[str, ...],
    timeout: float,
    shown: Callable[[], bool] | None = None,
) -> None:
    """Wait until a resource is in a good state.

    For seconds after it took a change AWS still calls the resource available, and tells of it as
    before. So a change that was sent counts as made when AWS was seen at work on it and is done, or
    tells of what was asked for; or when it shows nothing of it for longer than it ever takes.

    Args:
        read: returns the current status, or None if there is no such resource.
        source: identifier and type of the resource's events.
        good, bad: states that end the wait.
        shown: after a change, whether AWS tells of what was asked for.

    Raises:
        AwsError: a bad state, with AWS's last events, or the time is over.
    """
    at_work, since = False, time.monotonic()

    def pending() -> str | None:
        nonlocal at_work
        status = read()
        if status in good:
            unseen = shown is not None and not at_work and not shown()
            if unseen and time.monotonic() - since < UNSEEN:
                return f"status {status}, and the change is not shown yet"
            return None
        if status is None or status in bad:
            raise lost(api, label, status, source)
        at_work = True
        return f"status {status}"

    wait_until(label, pending, timeout=timeout)


def with_free_name(name: str, taken: Collection[str], send: Callable[[str], object]) -> str:
    """Call `send` with a snapshot's name, or with the next one if it is taken; return the name.

    Args:
        taken: error codes of a name that is taken.

    Raises:
        AwsError: another failure, or ten names are taken.
    """
    for number in range(1, 11):
        candidate = name if number == 1 else f"{name}-{number}"
        try:
            send(candidate)
        except AwsError as error:
            if error.code not in taken:
                raise
            continue
        return candidate
    raise AwsError(
        f"The snapshots {name} and {name}-2 to {name}-10 already exist. Give another name, or"
        " delete snapshots that nobody needs."
    )


def await_gone(label: str, read: Any, timeout: float) -> None:
    """Wait until `read` returns None: the resource is deleted."""

    def pending() -> str | None:
        status = read()
        return None if status is None else f"status {status}"

    wait_until(f"deletion of {label}", pending, timeout=timeout)
