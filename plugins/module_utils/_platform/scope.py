# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Which platform is read, and whose what is found is.

What is found by its name must carry the platform's tags, too: a name says nothing about who
made it. One that has our name and not our tags is an error, since nothing of ours can stand
beside it; where something can (a network), it is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import ownership
from ..aws import AwsError, Dict, call

Connect = Callable[[str], Any]


@dataclass(frozen=True)
class Scope:
    """Which platform is read: `name` is <project>-<environment>, `account` its 12 digits.

    zone: id or name of the hosted zone with the application's records; empty: none is read.
    """

    project: str
    environment: str
    region: str
    account: str
    zone: str = ""

    @property
    def name(self) -> str:
        """The prefix of all the platform's names."""
        return f"{self.project}-{self.environment}"

    def owns(self, tags: Mapping[str, str]) -> bool:
        """Whether a resource with these tags is of this platform."""
        return ownership.is_of_platform(tags, self.project, self.environment)

    def is_claimed(self, tags: Mapping[str, str]) -> bool:
        """Whether the tags say that it is somebody else's; without any of ours they say nothing."""
        return any(key in tags for key in ownership.PROOF) and not ownership.is_takeable(
            tags, self._own
        )

    @property
    def _own(self) -> dict[str, str]:
        return ownership.identity(self.project, self.environment)

    @property
    def filters(self) -> list[Dict]:
        """EC2 filters for the platform's tags."""
        return [{"Name": f"tag:{key}", "Values": [value]} for key, value in self._own.items()]

    def check(self, tags: Mapping[str, str], about: str) -> None:
        """Refuse a resource that has our name but not our tags: it is somebody else's."""
        self._refuse(tags, about, ours=self.owns(tags))

    def check_repairable(self, tags: Mapping[str, str], about: str) -> None:
        """As `check`, but let pass what has lost a tag that its role sets again."""
        self._refuse(tags, about, ours=ownership.is_takeable(tags, self._own))

    def _refuse(self, tags: Mapping[str, str], about: str, *, ours: bool) -> None:
        if not ours:
            raise AwsError(
                f"{about} exists, but its tags are not Project={self.project},"
                f" Environment={self.environment}, ManagedBy={ownership.MANAGED_BY} (found:"
                f" {dict(tags) or 'none'}). It belongs to somebody else, or its tags were removed."
                " Add the tags again, rename or delete the resource, or choose another"
                " platform_project or platform_environment."
            )


def account(connect: Connect) -> str:
    """The account of the caller's credentials."""
    answer = call(connect("sts"), "get_caller_identity", "the caller's identity")
    return str((answer or {})["Account"])


def key_of(name: str, prefix: str) -> str:
    """A resource's key: its name without the platform's, as an identifier.

    ("ragops-dev-eks-nodes", "ragops-dev-") -> "eks_nodes".
    """
    return name.removeprefix(prefix).replace("-", "_").replace("/", "_")
