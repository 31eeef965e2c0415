"""Which tenants may import from which buckets."""

import re
from dataclasses import dataclass
from typing import Self

from rag.access.scope import DEFAULT, NAME

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_TENANT = re.compile(NAME)
ALL = "*"


@dataclass(frozen=True, slots=True)
class Buckets:
    """Pairs of a tenant (or ALL), a bucket, and what its keys must begin with."""

    allowed: tuple[tuple[str, str, str], ...] = ()

    @classmethod
    def of(cls, text: str) -> Self:
        """From `[tenant=]bucket[/prefix]`, with commas; no tenant is the default one.

        Raises ValueError.
        """
        found = []
        for item in filter(None, (each.strip() for each in text.split(","))):
            before, equals, after = item.partition("=")
            tenant, place = (before, after) if equals else (DEFAULT, item)
            bucket, _slash, prefix = place.partition("/")
            if not _BUCKET.fullmatch(bucket) or not (tenant == ALL or _TENANT.fullmatch(tenant)):
                raise ValueError("must be [tenant=]bucket[/prefix], with commas")
            found.append((tenant, bucket, prefix))
        return cls(tuple(found))

    def names(self) -> set[str]:
        """The buckets."""
        return {bucket for _tenant, bucket, _prefix in self.allowed}

    def permits(self, tenant: str, bucket: str, prefix: str) -> bool:
        """Whether a tenant may import what begins so."""
        return any(
            each in (tenant, ALL) and name == bucket and prefix.startswith(beginning)
            for each, name, beginning in self.allowed
        )
