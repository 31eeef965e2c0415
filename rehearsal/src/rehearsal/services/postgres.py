"""PostgreSQL, where the emulated AWS says that the RDS instance is.

Debian's server programs, run as a user without rights, with a fresh data folder.
Roles and databases come later, when RDS creates an instance (rehearsal.aws.rds.server).
"""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path

from rehearsal.names import AWS, POSTGRES_PORT, SOCKETS
from rehearsal.pki import Authority
from rehearsal.world import ADDRESS, World, WorldError

HOME = Path(SOCKETS) / "postgresql"
SUPERUSER = "rdsadmin"
"""RDS keeps its superuser to itself under this name; the master user is not one."""

ACCESS = f"""\
# Only who can enter the socket's folder (this namespace's root) is the superuser.
local   all  {SUPERUSER}       trust
host    all  {SUPERUSER}  all  reject
# RDS refuses connections without TLS (rds.force_ssl) and speaks SCRAM.
hostssl all  all          all  scram-sha-256
"""

SETTINGS = {
    "listen_addresses": ADDRESS,
    "port": str(POSTGRES_PORT),
    "unix_socket_directories": str(HOME),
    "ssl": "on",
    "password_encryption": "scram-sha-256",
    "max_connections": "100",
    "shared_buffers": "64MB",
    # The world is discarded as a whole: nothing here outlives a power cut anyway.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    # A failed CREATE ROLE would else write the statement to the log.
    "log_min_error_statement": "panic",
}


def programs() -> Path:
    """The folder with Debian's newest PostgreSQL server programs."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda found: int(found.parts[4]) if found.parts[4].isdigit() else 0,
    )
    if not folders:
        raise WorldError("PostgreSQL: no server programs: apt-get install postgresql")
    return folders[-1].parent


def start(world: World, authority: Authority) -> None:
    """Start the server and wait until it takes connections."""
    user = pwd.getpwnam("postgres").pw_uid
    storage = world.data / "postgresql"
    storage.mkdir(mode=0o700)
    os.chown(storage, user, user)
    # The server's user may not enter the home folder in which the data are.
    HOME.mkdir(parents=True)
    subprocess.run(["mount", "--bind", storage, HOME], check=True)
    cluster = HOME / "data"
    made = subprocess.run(
        [
            programs() / "initdb", "--no-sync", "--no-instructions", "--encoding=UTF8",
            "--locale=C.UTF-8", f"--username={SUPERUSER}", "--auth=reject", cluster,
        ],
        user=user, group=user, cwd="/", capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode:
        raise WorldError(f"PostgreSQL: initdb failed: {made.stderr.strip()}")
    pair = authority.issue(HOME, [AWS], owner=user)
    (cluster / "pg_hba.conf").write_text(ACCESS)
    settings = SETTINGS | {"ssl_cert_file": str(pair.certificate), "ssl_key_file": str(pair.key)}
    world.spawn(
        "postgresql",
        [
            programs() / "postgres", "-D", cluster,
            *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
        ],
        cwd=Path("/"),
        user=user,
    )  # fmt: skip
    world.wait_until("PostgreSQL", missing, timeout=30, process="postgresql")


def missing() -> str | None:
    """None when the server takes connections, else what pg_isready says."""
    ready = subprocess.run(
        [programs() / "pg_isready", "--quiet", "-h", HOME, "-U", SUPERUSER, "-d", "postgres"],
        capture_output=True,
        check=False,
    )
    return None if ready.returncode == 0 else f"pg_isready answers {ready.returncode}"
