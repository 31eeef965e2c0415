"""The real Redis behind ElastiCache: its port, its tokens.

Passwords reach the server over a unix socket, never as an argument or in its log.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path

from rehearsal.aws.servers import DataError
from rehearsal.names import REDIS_PORT, SOCKETS


class RedisServer:
    """The one Redis of the world; it can stand behind one replication group at a time."""

    ADMINISTRATOR = "rehearsal"
    # ElastiCache withholds what would let a client reconfigure the service.
    WITHHELD = (
        "-acl|setuser", "-acl|deluser", "-acl|load", "-acl|save", "-bgrewriteaof", "-bgsave",
        "-config", "-debug", "-failover", "-migrate", "-module", "-psync", "-replicaof", "-save",
        "-shutdown", "-slaveof", "-sync",
    )  # fmt: skip

    def __init__(self, password: Path, path: Path = Path(SOCKETS) / "redis.sock") -> None:
        self._password = password
        self._path = path
        self._group: str | None = None

    def create(self, group: str, tokens: Sequence[str], tls: bool) -> None:
        """Open the group's port, with TLS or without, for who has one of the tokens."""
        if self._group is not None:
            raise DataError(
                f"the world has one Redis, and replication group {self._group} uses it: "
                f"delete that one before {group} is created"
            )
        ports = ("0", str(REDIS_PORT)) if tls else (str(REDIS_PORT), "0")
        self._run(self._login(tokens), ["CONFIG", "SET", "port", ports[0], "tls-port", ports[1]])
        self._group = group

    def set_tokens(self, group: str, tokens: Sequence[str], optional: bool = False) -> None:
        """Change which tokens are taken; without any, or if optional, nobody is asked."""
        if self._group == group:
            self._run(self._login([] if optional else tokens))

    def delete(self, group: str) -> None:
        """Close the port and forget the data."""
        if self._group != group:
            return
        self._run(
            ["ACL", "SETUSER", "default", "reset"],
            ["CONFIG", "SET", "port", "0", "tls-port", "0"],
            ["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"],
            ["FLUSHALL"],
        )
        self._group = None

    def _login(self, tokens: Sequence[str]) -> list[str]:
        who = [f">{token}" for token in tokens] or ["nopass"]
        return ["ACL", "SETUSER", "default", "reset", "on", *who, "~*", "&*", "+@all",
                *self.WITHHELD]  # fmt: skip

    def _run(self, *commands: Sequence[str]) -> None:
        login = ["AUTH", self.ADMINISTRATOR, self._password.read_text()]
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(10)
            client.connect(str(self._path))
            with client.makefile("rb") as answers:
                for command in (login, *commands):
                    client.sendall(encode(command))
                    answer = answers.readline()
                    if answer.startswith(b"-"):
                        # Redis's errors repeat no argument of AUTH or of ACL passwords.
                        name = " ".join(command[:2]) if command[0] != "AUTH" else "AUTH"
                        raise DataError(f"Redis: {name}: {answer.decode().strip()}")


def encode(command: Sequence[str]) -> bytes:
    """A command in Redis's protocol."""
    parts = [part.encode() for part in command]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)
