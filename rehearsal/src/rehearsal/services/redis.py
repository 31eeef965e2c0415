"""Redis, where the emulated AWS says that the ElastiCache replication group is.

It listens nowhere but on its unix socket until ElastiCache creates a replication
group (rehearsal.aws.elasticache.server): then with TLS or without, and with the group's token.
"""

from __future__ import annotations

import hashlib
import secrets
import socket
from pathlib import Path

from rehearsal.names import REDIS, REDIS_PORT, SOCKETS
from rehearsal.pki import Authority, write_private
from rehearsal.world import ADDRESS, World

SOCKET = Path(SOCKETS) / "redis.sock"
ADMINISTRATOR = "rehearsal"

SETTINGS = """\
bind {address}
port 0
tls-port 0
tls-cert-file {certificate}
tls-key-file {key}
tls-auth-clients no
unixsocket {socket}
unixsocketperm 700
dir {folder}
save ""
appendonly no
maxmemory 256mb
user {administrator} on ~* &* +@all #{digest}
user default off resetpass
"""


def start(world: World, authority: Authority) -> None:
    """Start the server and wait until it answers on its socket."""
    folder = world.data / "redis"
    pair = authority.issue(folder, [REDIS])
    password = secrets.token_urlsafe(32)
    write_private(world.data / "redis/administrator", password.encode())
    configuration = folder / "redis.conf"
    write_private(
        configuration,
        SETTINGS.format(
            address=ADDRESS,
            certificate=pair.certificate,
            key=pair.key,
            socket=SOCKET,
            folder=folder,
            administrator=ADMINISTRATOR,
            digest=hashlib.sha256(password.encode()).hexdigest(),
        ).encode(),
    )
    # The server and redis-check-rdb (package redis-tools) are one program that
    # looks at its own name; redis-tools comes without a system service.
    server = folder / "redis-server"
    server.symlink_to("/usr/bin/redis-check-rdb")
    world.spawn("redis", [server, configuration])
    world.wait_until("Redis", missing, timeout=20, process="redis")


def missing() -> str | None:
    """None when the server answers, else what went wrong."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(2)
            client.connect(str(SOCKET))
            client.sendall(b"PING\r\n")
            answer = client.recv(64)
    except OSError as error:
        return f"{SOCKET}: {error}"
    # Nobody is logged in on this connection: to be refused is a sign of life.
    return None if answer.startswith((b"+PONG", b"-NOAUTH")) else answer.decode(errors="replace")


__all__ = ["ADMINISTRATOR", "REDIS_PORT", "SOCKET", "missing", "start"]
