"""Make the namespace the world's own: network, names, trust, /run."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from rehearsal.names import HOSTS, SOCKETS
from rehearsal.world import ADDRESS, BRIDGE, COGNITO_ADDRESS, OIDC_ADDRESS

SYSTEM_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


def run(*argv: str | Path) -> None:
    """Run a command; its error output is the error's text."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        command = " ".join(str(part) for part in argv)
        raise RuntimeError(f"{command}: {done.stderr.strip() or f'status {done.returncode}'}")


def network() -> None:
    """The loopback device and the bridge, whose addresses are those of all services."""
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", BRIDGE, "type", "bridge")
    for address in (ADDRESS, OIDC_ADDRESS, COGNITO_ADDRESS):
        run("ip", "address", "add", f"{address}/24", "dev", BRIDGE)
    run("ip", "link", "set", BRIDGE, "up")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def mounts(data: Path) -> None:
    """An own /run, and files of /etc that only this namespace sees."""
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    for folder in (SOCKETS, "/run/lock", "/run/containers"):
        Path(folder).mkdir()
    lines = ["127.0.0.1 localhost", "::1 localhost", *(f"{a} {n}" for n, a in HOSTS.items())]
    over("/etc/hosts", data / "etc/hosts", lines)
    # No name server can be reached: a wrong name fails at once, not after a time-out.
    over("/etc/resolv.conf", data / "etc/resolv.conf", ["nameserver 127.0.0.1"])


def over(target: str, source: Path, lines: Sequence[str]) -> None:
    """Show a file of ours in the place of one of the system's."""
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text("\n".join(lines) + "\n")
    if Path(target).exists():
        run("mount", "--bind", source, target)


def trust(data: Path, certificate: Path) -> None:
    """Add the world's authority to those that the system trusts."""
    bundle = data / "etc/ca-certificates.crt"
    bundle.write_text(SYSTEM_BUNDLE.read_text() + "\n" + certificate.read_text())
    run("mount", "--bind", bundle, SYSTEM_BUNDLE)
