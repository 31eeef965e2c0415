# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the modules that reconcile whole resources share.

Such a module reads what is there once, computes what should be there, and
sends the difference. `Api` is its only door to AWS: reads always pass, writes
are skipped in check mode. `Plan` keeps the before and after of every resource,
so that a diff and `changed` are the same fact seen twice.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping
from typing import Any

from . import aws, sendable, spreading
from ._plan.unknown import UNKNOWN as UNKNOWN
from .ownership import PLATFORM


class Api:
    """One AWS service of one account.

    Args:
        client: boto3 client of the service.
        check_mode: if true `write` sends nothing and returns an empty dict.
    """

    def __init__(self, client: Any, check_mode: bool = False) -> None:
        self.client = client
        self.check_mode = check_mode

    def quiet(self) -> Api:
        """Return the same service, to which nothing is sent that changes it."""
        return Api(self.client, check_mode=True)

    def read(
        self, operation: str, about: str, missing: Collection[str] = (), **arguments: Any
    ) -> dict[str, Any]:
        """Call a reading operation; an error code in `missing` gives an empty dict.

        Raises:
            aws.AwsError: AWS refused, with resource, cause and remedy.
        """
        return aws.call(self.client, operation, about, missing=missing, **arguments) or {}

    def pages(
        self,
        operation: str,
        key: str,
        about: str,
        missing: Collection[str] = (),
        **arguments: Any,
    ) -> list[dict[str, Any]]:
        """Return the items under `key` of all pages of a listing operation."""
        return aws.collect(self.client, operation, key, about, missing=missing, **arguments)

    def write(
        self, operation: str, about: str, missing: Collection[str] = (), **arguments: Any
    ) -> dict[str, Any]:
        """Call a mutating operation, unless in check mode (then: an empty dict).

        Raises:
            aws.AwsError: AWS refused, or (in check mode, too) the SDK would not send it.
        """
        sendable.check(self.client, operation, about, arguments)
        if self.check_mode:
            return {}
        return aws.call(self.client, operation, about, missing=missing, **arguments) or {}

    def create(
        self,
        operation: str,
        about: str,
        find: Callable[[], dict[str, Any] | None],
        **arguments: Any,
    ) -> dict[str, Any]:
        """As `write`, of something that AWS would make twice if it is asked twice.

        find: looks for it before a call is repeated; answers in the form of the operation's.
        """
        sendable.check(self.client, operation, about, arguments)
        if self.check_mode:
            return {}
        return aws.create(self.client, operation, about, find, **arguments)

    def create_unless_there(
        self,
        operation: str,
        about: str,
        find: Callable[[], dict[str, Any] | None],
        there: Collection[str],
        **arguments: Any,
    ) -> tuple[bool, dict[str, Any]]:
        """As `create`, of something that AWS's lists may not show yet.

        there: error codes by which AWS says that it is there. Then it is looked for until it is
            shown.

        Returns:
            Whether it was made, and the answer in the form of the operation's. What was not made
            has settings of its own, and an owner.
        """
        try:
            return True, self.create(operation, about, find, **arguments)
        except aws.AwsError as error:
            if error.code not in there:
                raise
        found: dict[str, Any] = {}

        def probe() -> str | None:
            answer = find()
            found.update(answer or {})
            return "AWS has created it, but does not list it yet" if answer is None else None

        aws.wait_until(about, probe, timeout=spreading.TIMEOUT, interval=5)
        return False, found


class Plan:
    """Before and after of each resource, by a name such as `subnet ragops-dev-private-1`.

    Args:
        named_by_aws: whether AWS gives the resources ids of its own; else their names are the
            ids. `identify` tells the ids of those that are there.
    """

    def __init__(self, named_by_aws: bool = False) -> None:
        self.before: dict[str, Any] = {}
        self.after: dict[str, Any] = {}
        self.ids: dict[str, str] | None = {} if named_by_aws else None

    def identify(self, resource: str, identity: str) -> None:
        """Note the id that AWS gave a resource."""
        self.ids = {**(self.ids or {}), resource: identity}

    def record(self, resource: str, before: Any, after: Any) -> bool:
        """Note a resource (None: absent) and return whether it changes."""
        if before is not None:
            self.before[resource] = before
        if after is not None:
            self.after[resource] = after
        return bool(before != after)

    @property
    def changed(self) -> bool:
        """Whether any resource differs between before and after."""
        return self.before != self.after

    def diff(self) -> dict[str, Any]:
        """Return the resources that differ, in the shape that --diff prints."""
        names = [
            name
            for name in {**self.before, **self.after}
            if self.before.get(name) != self.after.get(name)
        ]
        diff: dict[str, Any] = {
            "before": {name: self.before[name] for name in names if name in self.before},
            "after": {name: self.after[name] for name in names if name in self.after},
        }
        if self.ids is not None:  # --diff does not print them; callback `plan` does
            diff["ids"] = {name: self.ids[name] for name in names if name in self.ids}
        return diff


Connect = Callable[..., Api]
"""Gives the Api of a service (by its name in boto3), in the module's region or in another."""
Run = Callable[[Any, Plan, Connect], Mapping[str, Any]]
"""Of module, plan and connect: does it, notes it in the plan, returns what the module returns."""


def reconcile(module: Any, run: Run, plan: Plan | None = None) -> None:
    """Bring a module's resources to their state, and end the module.

    Args:
        module: an AnsibleAWSModule.
        run: does it.
        plan: where it is noted; a new one by default.
    """
    plan = Plan() if plan is None else plan

    @functools.cache
    def connect(service: str, region: str | None = None) -> Api:
        return Api(aws.client(module, service, region), module.check_mode)

    try:
        result = run(module, plan, connect)
        aws.await_seen(module)
    except aws.AwsError as error:
        aws.fail(module, error)
    module.exit_json(changed=plan.changed, diff=plan.diff(), **result)


def require_tags(tags: Mapping[str, Any], keys: Collection[str] = PLATFORM) -> None:
    """Refuse tags that do not say whose a resource is that is found by them.

    Raises:
        aws.AwsError: one of the keys is missing or empty.
    """
    for key in keys:
        if not tags.get(key):
            raise aws.AwsError(
                f"tags lacks {key}, by which the platform recognizes its resources. Add it."
            )


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as AWS's list of Key/Value pairs."""
    return [{"Key": key, "Value": str(value)} for key, value in tags.items()]


def missing_tags(current: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """Return the wanted tags that are absent or have another value; others are left alone."""
    return aws.tag_changes(current, wanted, purge=False)[0]


def fill_identity(text: str, sts: Api) -> str:
    """Return the text with `{account}` and `{partition}` replaced by the caller's."""
    if "{account}" not in text and "{partition}" not in text:
        return text
    identity = sts.read("get_caller_identity", "the caller's identity")
    partition = str(identity["Arn"]).split(":")[1]
    return text.replace("{account}", identity["Account"]).replace("{partition}", partition)
