# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Bring a role, and the user that logs in with it, to their state; check mode skips the writes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .access import Access
from .api import MilvusError, Server, poll
from .transform import Dict, Grant

BUILT_IN = ("admin", "public")
WANTED, ANOTHER = "as wanted", "another"


@dataclass
class Outcome:
    """What a run found and did; `before` and `after` make the diff."""

    before: Dict
    after: Dict
    others: list[str]

    @property
    def changed(self) -> bool:
        """Whether anything was, or in check mode would be, written."""
        return self.before != self.after


def wanted_grants(params: Mapping[str, Any]) -> set[Grant]:
    """Return what a module's parameters ask for, one by one."""
    return {
        Grant(params["database"], item["object_type"], name, privilege)
        for item in params["privileges"] or []
        for name in item["object_names"]
        for privilege in item["privileges"]
    }


def problems_of(params: Mapping[str, Any]) -> list[str]:
    """Return what Milvus would refuse, or what would lock somebody out, one sentence each."""
    problems = []
    names = {"role": params["name"], "user": params["user"]}
    for kind, name in names.items():
        if name is not None and not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,31}", name):
            problems.append(
                f"the name of {kind} {name} must be 1 to 32 letters, digits and underscores, and "
                "begin with a letter"
            )
    if params["name"] in BUILT_IN:
        problems.append(f"role {params['name']} is built into Milvus")
    if params["user"] == "root":
        problems.append("user root always has all privileges, so it cannot be limited to a role")
    if params["password"] and not 6 <= len(params["password"]) <= 72:
        problems.append("password must have 6 to 72 characters")
    return problems


class Role:
    """A role of a server and what a module's parameters ask of it.

    Args:
        server: the connected server, by a login that may manage users.
        params: the module's parameters.
        check_mode: whether to skip the writes.

    Raises:
        MilvusError: bad input, or a server without users.
    """

    def __init__(self, server: Server, params: Mapping[str, Any], check_mode: bool) -> None:
        problems = problems_of(params)
        if not server.capabilities["authorization"]:
            problems.append(f"{server.version} has no users and roles")
        if problems:
            raise MilvusError(f"role {params['name']}, nothing changed: {'; '.join(problems)}")
        self.server = server
        self.access = Access(server)
        self.params = params
        self.check_mode = check_mode
        self.name: str = params["name"]
        self.user: str | None = params["user"]
        self.there = self.name in self.access.roles()
        self.grants = self.access.grants(self.name) if self.there else set()
        self.members = {name: self.access.roles_of(name) for name in self.access.users()}
        self.others = sorted(
            name for name, roles in self.members.items() if self.name in roles and name != self.user
        )
        self.password = self._password()

    def _password(self) -> str:
        """Say how the user's password is, without saying it: a login shows it."""
        if self.user not in self.members or not self.params["password"]:
            return WANTED
        return WANTED if self.access.takes(self.user, self.params["password"]) else ANOTHER

    def _state(self, grants: Iterable[Grant], user: Dict | None, others: list[str]) -> Dict:
        found: Dict = {"name": self.name, "privileges": [str(grant) for grant in sorted(grants)]}
        return {**found, "user": user, "other_users": others}

    def _before(self) -> Dict:
        if not self.there:
            return {}
        user = None
        if self.user in self.members:
            roles = self.members[self.user]
            user = {"name": self.user, "password": self.password, "roles": roles}
        return self._state(self.grants, user, self.others)

    # --- present -----------------------------------------------------------------------------

    def ensure_present(self) -> Outcome:
        """Create or repair role and user.

        Raises:
            MilvusError: a call failed, or the server says otherwise afterwards.
        """
        wanted = wanted_grants(self.params)
        kept = set() if self.params["purge_privileges"] else self.grants
        user = None
        if self.user:
            user = {"name": self.user, "password": WANTED, "roles": [self.name]}
        others = [] if self.params["purge_users"] else self.others
        outcome = Outcome(self._before(), self._state(wanted | kept, user, others), others)
        if outcome.changed and not self.check_mode:
            self._apply(wanted, self.grants - wanted - kept)
            self._verify(outcome.after)
        return outcome

    def _apply(self, wanted: set[Grant], extra: set[Grant]) -> None:
        if not self.there:
            self.access.create_role(self.name)
        # First what is missing: whoever works with the role loses nothing meanwhile.
        for grant in sorted(wanted - self.grants):
            self.access.grant(self.name, grant)
        for grant in sorted(extra):
            self.access.revoke(self.name, grant)
        if self.user:
            self._apply_user(self.user)
        if self.params["purge_users"]:
            self._forget_others()

    def _apply_user(self, user: str) -> None:
        roles = self.members.get(user, [])
        if self.password == ANOTHER:
            # Only who knows a password may change it, so that the user is made anew.
            self.access.drop_user(user)
        if self.password == ANOTHER or user not in self.members:
            self.access.create_user(user, self.params["password"])
            roles = []
        if self.name not in roles:
            self.access.grant_role(user, self.name)
        for role in roles:
            if role != self.name:
                self.access.revoke_role(user, role)

    def _forget_others(self) -> None:
        """Take the role from everybody else; who had nothing but it was made for it, and goes."""
        for user in self.others:
            if self.members[user] == [self.name]:
                self.access.drop_user(user)
            else:
                self.access.revoke_role(user, self.name)

    def _verify(self, after: Dict) -> None:
        """Wait until the server says what was asked for: proxies learn it a moment later."""

        def problem(_left: float) -> str:
            # Its own parameters: a verification only reads.
            found = Role(self.server, self.params, check_mode=True)._before()
            differing = [key for key in after if found.get(key) != after[key]]
            return f"the server still differs in {', '.join(differing)}" if differing else ""

        poll(problem, self.params["wait_timeout"], f"role {self.name} as it was asked for")

    # --- absent ------------------------------------------------------------------------------

    def ensure_absent(self) -> Outcome:
        """Drop the role with its privileges, and the users that had nothing but it.

        Raises:
            MilvusError: a call failed.
        """
        outcome = Outcome(self._before(), {}, [])
        if not outcome.changed or self.check_mode:
            return outcome
        if self.user in self.members and self.name in self.members[self.user]:
            self.others.append(self.user)
        self._forget_others()
        for grant in sorted(self.grants):
            self.access.revoke(self.name, grant)
        self.access.drop_role(self.name)
        return outcome
