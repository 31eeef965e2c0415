"""Whose documents a request is about, and what its sender may do with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import StringConstraints

from rag.errors import ForbiddenError

Mode = Literal["none", "keys", "oidc"]
"""Who is asked who they are: nobody; programs for keys; and people, too, for a sign-in."""
Role = Literal["reader", "writer", "admin"]
ROLES: tuple[Role, ...] = ("reader", "writer", "admin")
"""Each includes those before it."""

DEFAULT = "default"
"""The tenant and the collection of those who name none."""
NAME = r"^[a-z0-9][a-z0-9._-]{0,62}$"
"""What names of tenants and collections are like."""
Name = Annotated[str, StringConstraints(pattern=NAME)]


@dataclass(frozen=True, slots=True)
class Scope:
    """The documents that a request can reach: a tenant's, of these collections; None: of all."""

    tenant: str = DEFAULT
    collections: tuple[str, ...] | None = None

    def holds(self, collection: str) -> bool:
        """Whether a collection of the tenant is in it."""
        return self.collections is None or collection in self.collections

    def narrowed(self, collections: Sequence[str] | None) -> "Scope":
        """Only these collections of it, if any are named. Raises ForbiddenError."""
        if not collections:
            return self
        if strange := sorted(each for each in collections if not self.holds(each)):
            raise ForbiddenError(f"the key does not reach the collection {strange[0]!r}")
        return replace(self, collections=tuple(dict.fromkeys(collections)))

    def target(self, collection: str | None) -> str:
        """Where a new document goes; None: to the default one, or to the only one in reach.

        Raises ForbiddenError.
        """
        if collection is None:
            collection = DEFAULT
            if self.collections and len(self.collections) == 1:
                [collection] = self.collections
        if not self.holds(collection):
            raise ForbiddenError(f"the key does not reach the collection {collection!r}")
        return collection

    def covers(self, collections: tuple[str, ...] | None) -> bool:
        """Whether all of these collections are in it."""
        if self.collections is None:
            return True
        return collections is not None and set(collections) <= set(self.collections)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who sends a request. id: of the key, `platform`, or `anonymous` where nobody is asked."""

    id: str
    name: str
    role: Role
    scope: Scope
    quotas: Mapping[str, int] | None = None
    """Requests of each kind in a minute, where the key has its own."""
    most_bytes: int | None = None
    """Bytes of a request with documents, where the key has its own limit."""

    def may(self, role: Role) -> bool:
        """Whether it has this role, or one that includes it."""
        return ROLES.index(self.role) >= ROLES.index(role)


PLATFORM = "platform"
"""Id of whoever has the platform's own key."""
ANONYMOUS = Principal("anonymous", "anonymous", "admin", Scope())
"""Everybody, where nobody is asked for a key."""
