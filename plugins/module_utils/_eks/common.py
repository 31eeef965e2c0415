# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What all EKS resources share: how they end, how an update is followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..aws import AwsError, Dict, call, client, tag_changes, wait_until

GONE = ("ResourceNotFoundException",)


@dataclass(frozen=True)
class Session:
    """One module run. eks: boto3 client; timeout: seconds per wait; wait: whether to wait."""

    eks: Any
    check_mode: bool
    wait: bool
    timeout: float

    def write(self, operation: str, about: str, **parameters: Any) -> Dict:
        """Send a mutating call; in check mode send nothing and return {}."""
        if self.check_mode:
            return {}
        return call(self.eks, operation, about, **parameters) or {}

    def follow(self, answer: Mapping[str, Any], about: str, **which: str) -> None:
        """Wait for the update that a call began. EKS takes one at a time, so this is not optional.

        which: what the update is of, as describe_update wants it. Raises AwsError.
        """
        update = answer.get("update")
        if not update or update.get("status") == "Successful":
            return

        def probe() -> str | None:
            found = call(self.eks, "describe_update", about, updateId=update["id"], **which) or {}
            status = found["update"]["status"]
            if status in ("Failed", "Cancelled"):
                errors = found["update"].get("errors", [])
                raise AwsError(f"{about}: {update.get('type')} {status}: {reasons(errors)}")
            return None if status == "Successful" else f"update {status}"

        wait_until(about, probe, timeout=self.timeout)

    def tag(
        self, arn: str, current: Mapping[str, str], wanted: Mapping[str, str] | None, about: str
    ) -> None:
        """Set the tags that differ. Others' tags stay: purging is not ours to do here."""
        to_set, _ = tag_changes(current, wanted, purge=False)
        if to_set:
            self.write("tag_resource", about, resourceArn=arn, tags=to_set)


def session(module: Any) -> Session:
    """The session of a module which has the options `wait` and `wait_timeout`."""
    return Session(
        client(module, "eks"),
        check_mode=module.check_mode,
        wait=module.params["wait"],
        timeout=module.params["wait_timeout"],
    )


def reasons(issues: list[Dict]) -> str:
    """EKS's own words for what is wrong: of `errors` or of `health.issues`."""
    told = [
        f"{issue.get('code') or issue.get('errorCode')}: "
        f"{issue.get('message') or issue.get('errorMessage')}"
        for issue in issues
    ]
    return "; ".join(told) or "AWS gives no reason; look at the resource in the EKS console"


def merged_tags(current: Mapping[str, str], wanted: Mapping[str, str] | None) -> dict[str, str]:
    """The tags after a run."""
    return {**current, **{key: str(value) for key, value in (wanted or {}).items()}}
