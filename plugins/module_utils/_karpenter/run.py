# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the steps share: the doors to AWS, and how what they make is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..reconcile import Api, Plan


@dataclass
class Run:
    """One run for one cluster.

    name: the cluster's, with which all names begin; tags: of everything; retention_seconds: for
    how long the queue keeps a message.
    """

    sqs: Api
    events: Api
    plan: Plan
    name: str
    region: str
    account: str
    partition: str
    tags: Mapping[str, str]
    retention_seconds: int = 300

    @property
    def queue(self) -> str:
        """Return the queue's name."""
        return f"{self.name}-karpenter"

    @property
    def queue_arn(self) -> str:
        """Return the queue's ARN, known before the queue exists."""
        return f"arn:{self.partition}:sqs:{self.region}:{self.account}:{self.queue}"

    @property
    def prefix(self) -> str:
        """Return how the names of the rules begin."""
        return f"{self.queue}-"

    def rule_arn(self, rule: str) -> str:
        """Return the ARN of a rule on the account's own bus."""
        return f"arn:{self.partition}:events:{self.region}:{self.account}:rule/{rule}"
