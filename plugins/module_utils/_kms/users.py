# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What would become unreadable with a KMS key: objects and snapshots that outlive a destroy."""

from __future__ import annotations

from collections.abc import Callable, Collection

from ..components import ALL
from ..reconcile import Api


def users_of(connect: Callable[[str], Api], key_arn: str, buckets: Collection[str]) -> list[str]:
    """Return what is encrypted with a key and stays: by kind and name, for a message.

    Args:
        connect: gives the Api of a service by its boto3 name.
        key_arn: the key.
        buckets: names of the buckets to look into; those that don't exist are left out.
    """
    asked = [each.encrypted for each in ALL if each.encrypted]
    return [user for encrypted in asked for user in encrypted(connect, key_arn, buckets)]
