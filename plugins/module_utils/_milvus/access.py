# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Calls about users and roles of a Milvus server."""

from __future__ import annotations

from urllib.parse import urlsplit

from .api import MilvusError, Server, probe
from .transform import Grant


class Access:
    """Who may do what on a server.

    Args:
        server: the connected server, by a login that may manage users.
    """

    def __init__(self, server: Server) -> None:
        self.server = server

    def users(self) -> list[str]:
        """Return the names of all users."""
        return sorted(self.server.call("list_users", "the server"))

    def roles(self) -> list[str]:
        """Return the names of all roles."""
        return sorted(self.server.call("list_roles", "the server"))

    def roles_of(self, user: str) -> list[str]:
        """Return the roles that a user has."""
        found = self.server.call("describe_user", f"user {user}", user)
        return sorted(found.get("roles") or ())

    def grants(self, role: str) -> set[Grant]:
        """Return the privileges that a role has, in whatever database."""
        return {
            Grant(item["db_name"], item["object_type"], item["object_name"], item["privilege"])
            for database in self.server.databases
            for item in self.server.call("describe_role", f"role {role}", role, db_name=database)[
                "privileges"
            ]
        }

    def takes(self, user: str, password: str) -> bool:
        """Return whether the server lets a user in with this password."""
        address = urlsplit(self.server.uri)
        trust = self.server.trust if address.scheme == "https" else None
        host, port = address.hostname or "", address.port or 19530
        try:
            cause = probe(host, port, trust, f"{user}:{password}")
        except MilvusError:
            return False
        if cause:
            raise MilvusError(
                f"Milvus at {self.server.uri} did not answer the login of user {user}: {cause}"
            )
        return True

    def create_user(self, user: str, password: str) -> None:
        """Make a user without any role."""
        self.server.call("create_user", f"user {user}", user, password)

    def drop_user(self, user: str) -> None:
        """Remove a user."""
        self.server.call("drop_user", f"user {user}", user)

    def create_role(self, role: str) -> None:
        """Make a role without any privilege."""
        self.server.call("create_role", f"role {role}", role)

    def drop_role(self, role: str) -> None:
        """Remove a role, which must have no privileges."""
        self.server.call("drop_role", f"role {role}", role)

    def grant_role(self, user: str, role: str) -> None:
        """Give a user a role."""
        self.server.call("grant_role", f"role {role} to user {user}", user, role)

    def revoke_role(self, user: str, role: str) -> None:
        """Take a role from a user."""
        self.server.call("revoke_role", f"role {role} from user {user}", user, role)

    def grant(self, role: str, grant: Grant) -> None:
        """Give a role a privilege."""
        self.server.call("grant_privilege", f"{grant} to role {role}", role, *grant.arguments)

    def revoke(self, role: str, grant: Grant) -> None:
        """Take a privilege, or a group of them, from a role."""
        what = f"{grant} from role {role}"
        try:
            self.server.call("revoke_privilege", what, role, *grant.arguments)
        except MilvusError:
            if not self.server.capabilities["privilege_groups"]:
                raise
            # Groups are known to the newer call only.
            place = {"db_name": grant.database}
            self.server.call(
                "revoke_privilege_v2", what, role, grant.privilege, grant.object_name, **place
            )
