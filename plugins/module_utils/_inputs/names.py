# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""How long a platform's name may be: what is made of it must fit into what AWS takes."""

from __future__ import annotations

from collections.abc import Collection, Iterator

ROLE, BUCKET, GROUP = 64, 63, 40
"""Characters that IAM takes in a role's name, S3 in a bucket's, ElastiCache in a group's."""
ACCOUNT = 12
"""Digits of an account, with which buckets' names end."""


def problems(name: str, bounded: Collection[tuple[str, int, str]]) -> Iterator[str]:
    """Yield the name that fits least, with how many characters the platform's may have.

    Args:
        name: platform_name.
        bounded: names that AWS bounds, with the bound and what each is the name of.
    """
    spare = [(bound - len(full), full, bound, what) for full, bound, what in bounded]
    if not spare or (least := min(spare))[0] >= 0:
        return
    missing, full, bound, what = least
    yield (
        f"platform_name '{name}' has {len(name)} characters. The name of {what} is {full}, for"
        f" which AWS allows {bound} characters, so platform_name may have at most"
        f" {len(name) + missing}. Shorten platform_project or platform_environment."
    )
