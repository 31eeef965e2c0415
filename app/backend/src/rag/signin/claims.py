"""Who somebody is, and what they may do, by what the issuer says of them."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rag.access.scope import DEFAULT, NAME, ROLES, Principal, Role, Scope
from rag.adapters.identity import SignInError

Claims = Mapping[str, Any]
_TENANT = re.compile(NAME)
_NAMES = ("name", "preferred_username", "cognito:username", "email", "sub")
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Rules:
    """Which claims say what.

    roles: the role here by a value of `role_claim`; default_role: of those whom it gives none,
    None: they may not come in; tenant_claim: None where all are of the default tenant.
    """

    role_claim: str
    roles: Mapping[str, Role]
    default_role: Role | None
    tenant_claim: str | None

    def complete(self, claims: Claims) -> bool:
        """Whether every claim that is asked for is there."""
        wanted = (self.role_claim, self.tenant_claim)
        return all(found(claims, each) is not None for each in wanted if each)

    def principal(self, claims: Claims) -> Principal:
        """Who this is. Raises SignInError for somebody without a role or a tenant here."""
        return Principal(
            person_id(str(claims["iss"]), str(claims["sub"])),
            _name(claims),
            self._role(claims),
            Scope(self._tenant(claims)),
        )

    def _role(self, claims: Claims) -> Role:
        value = found(claims, self.role_claim)
        values = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        texts = {each for each in values if isinstance(each, str)}
        given = {self.roles[each] for each in texts & self.roles.keys()}
        if self.default_role:
            given.add(self.default_role)
        if not given:
            raise SignInError("no-role", f"the claim {self.role_claim} gives no role")
        return max(given, key=ROLES.index)

    def _tenant(self, claims: Claims) -> str:
        if not self.tenant_claim:
            return DEFAULT
        value = found(claims, self.tenant_claim)
        if not isinstance(value, str) or not _TENANT.fullmatch(value):
            raise SignInError("no-role", f"the claim {self.tenant_claim} names no tenant")
        return value


def found(claims: Claims, path: str) -> Any:
    """A claim by its name, or by a path with dots: `realm_access.roles`; None: there is none."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def person_id(issuer: str, subject: str) -> str:
    """The id of a person in logs and notes: the same at each sign-in, and no name."""
    return f"user-{hashlib.sha256(f'{issuer} {subject}'.encode()).hexdigest()[:16]}"


def _name(claims: Claims) -> str:
    texts: Sequence[Any] = [claims.get(each) for each in _NAMES]
    name = next((each for each in texts if isinstance(each, str) and each.strip()), "")
    return "".join(each for each in name if each.isprintable())[:_LONGEST_NAME]
