"""What the machine must have; each missing thing is named together with its remedy."""

from __future__ import annotations

import ctypes
import getpass
import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rehearsal import cluster
from rehearsal import disk as disk_of
from rehearsal.paths import Places
from rehearsal.unshare import attempt
from rehearsal.world import WorldError

DEBIAN_PACKAGES = (
    "buildah",
    "debian-archive-keyring",
    "docker-registry",
    "iproute2",
    "mmdebstrap",
    "postgresql",
    "redis-tools",
    "uidmap",
    "util-linux",
)
"""For the namespace, the images, and the servers behind ECR, RDS and ElastiCache."""

UNNEEDED_SERVICES = ("containerd", "docker-registry", "postgresql")
"""Units that come with the packages; the rehearsal starts the programs itself."""

NODE_MAJOR = 20
DISK_COLD_GIB = 12
DISK_WARM_GIB = 3
SUBIDS = 65536


@dataclass(frozen=True)
class Finding:
    """Something that is missing. blocks: whether the world can't start without it."""

    what: str
    remedy: str
    blocks: bool = True

    def __str__(self) -> str:
        return f"{self.what}\n    -> {self.remedy}"


def packages() -> list[str]:
    """The Debian packages of all parts of the rehearsal."""
    wanted = {*DEBIAN_PACKAGES, *cluster.DEBIAN_PACKAGES}
    if shutil.which("go"):
        wanted.discard("golang-go")
    return sorted(wanted)


def missing_packages(also: Sequence[str] = ()) -> list[str]:
    """Those of them, and of `also`, that are not installed."""
    wanted = sorted({*packages(), *also})
    done = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *wanted],
        capture_output=True,
        text=True,
        check=False,
    )
    installed = {
        line.split()[0] for line in done.stdout.splitlines() if line.endswith(" installed")
    }
    return [name for name in wanted if name not in installed]


def subids_missing() -> bool:
    """Whether the user has no range of sub-ids to map into the namespace."""
    names = {getpass.getuser(), str(os.getuid())}
    return not all(has_range(Path(path), names) for path in ("/etc/subuid", "/etc/subgid"))


def has_range(path: Path, names: set[str]) -> bool:
    """Whether a file of sub-id ranges gives one of `names` a range that is large enough."""
    try:
        rows = [line.split(":") for line in path.read_text().splitlines()]
    except OSError:
        return False
    return any(
        len(row) == 3 and row[0] in names and row[2].isdigit() and int(row[2]) >= SUBIDS
        for row in rows
    )


def installation(also: Sequence[str] = ()) -> str | None:
    """The shell script, for root, that installs what is missing; None if nothing is."""
    lines = []
    if names := missing_packages(also):
        lines += [
            # No package's service may start: the user's own may listen there.
            "policy=/usr/sbin/policy-rc.d",
            "if [ ! -e $policy ]; then",
            "  trap 'rm -f $policy' EXIT",
            "  printf '#!/bin/sh\\nexit 101\\n' > $policy && chmod 755 $policy",
            "fi",
            "apt-get update -q",
            "DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "
            + " ".join(names),
        ]
        services = [
            name
            for name in UNNEEDED_SERVICES
            if name in names or (name == "postgresql" and "postgresql" in names)
        ]
        if services:
            lines += [
                "if [ -d /run/systemd/system ]; then systemctl disable -q "
                + " ".join(services)
                + "; fi"
            ]
    if subids_missing():
        start = first_free_subid()
        span = f"{start}-{start + SUBIDS - 1}"
        user = shlex.quote(getpass.getuser())
        lines.append(f"usermod --add-subuids {span} --add-subgids {span} {user}")
    return "set -e\n" + "\n".join(lines) + "\n" if lines else None


def first_free_subid() -> int:
    """The first id behind all ranges that were given out."""
    ends = [100000]
    for path in (Path("/etc/subuid"), Path("/etc/subgid")):
        if path.exists():
            rows = [line.split(":") for line in path.read_text().splitlines()]
            ends += [int(row[1]) + int(row[2]) for row in rows if len(row) == 3]
    return max(ends)


def install(say: Callable[[str], None], also: Sequence[str] = ()) -> None:
    """Install what is missing, after saying what; as root, or by one sudo."""
    script = installation(also)
    if script is None:
        return
    if not shutil.which("apt-get"):
        raise WorldError(
            "this is not Debian or Ubuntu: install by hand what these packages hold: "
            + " ".join(missing_packages(also))
        )
    command = ["sh", "-c", script]
    if os.geteuid():
        if not shutil.which("sudo"):
            raise WorldError(f"there is no sudo: run this as root, then come back:\n{script}")
        command = ["sudo", *command]
    say("to be installed as root:")
    for line in script.splitlines():
        say(f"    {line}")
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        tail = "\n  ".join(done.stdout.splitlines()[-12:])
        raise WorldError(f"the packages could not be installed:\n  {tail}")
    say("installed")


def findings(places: Places, *, cold: bool) -> list[Finding]:
    """Everything that is missing on this machine, all at once. cold: caches are to be made."""
    found = [*system(), *tools(), *disk(places, cold=cold)]
    return found if any(item.blocks for item in found) else [*found, *namespaces()]


def system() -> list[Finding]:
    """The operating system and its packages."""
    if sys.platform != "linux":
        return [
            Finding(
                f"this is {platform.system()}: the rehearsal needs Linux's namespaces",
                "run it in a Linux machine, a virtual one for instance",
            )
        ]
    found = []
    if names := missing_packages():
        found.append(
            Finding(
                f"Debian packages are missing: {' '.join(names)}",
                "`rehearsal up --install` installs them (root, or sudo once)",
            )
        )
    if subids_missing():
        found.append(
            Finding(
                f"{getpass.getuser()} has no range of {SUBIDS} sub-ids in /etc/subuid, /etc/subgid",
                "`rehearsal up --install` adds one, or: usermod --add-subuids A-B "
                "--add-subgids A-B USER",
            )
        )
    return found


def tools() -> list[Finding]:
    """Programs that no Debian package brings in the right version."""
    found = []
    if not shutil.which("go"):
        found.append(
            Finding(
                "Go is missing: Kubernetes is compiled with it", "install it: https://go.dev/dl/"
            )
        )
    done = None
    if shutil.which("node") and shutil.which("npm"):
        done = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    version = done.stdout.strip().lstrip("v").split(".")[0] if done else ""
    if not version.isdigit() or int(version) < NODE_MAJOR:
        found.append(
            Finding(
                f"Node {NODE_MAJOR} or newer with npm is missing",
                "install it: https://nodejs.org/en/download",
            )
        )
    return found


def disk(places: Places, *, cold: bool) -> list[Finding]:
    """Room for the caches and the world's data."""
    found = []
    needs = {places.cache: DISK_COLD_GIB if cold else 1, places.data: DISK_WARM_GIB}
    for folder, gib in needs.items():
        free = shutil.disk_usage(disk_of.existing(folder)).free / 2**30
        if free < gib:
            found.append(
                Finding(
                    f"{folder} has {free:.1f} GiB of free disk space, {gib} GiB are needed",
                    disk_of.REMEDY,
                )
            )
    return found


WATCHES = 40
"""inotify instances that a cluster takes (half of them its three kubelets)."""


def watches(wanted: int = WATCHES) -> Finding | None:
    """What is missing for the cluster's servers to watch their files; they end without it."""
    library = ctypes.CDLL(None)
    opened: list[int] = []
    while len(opened) < wanted and (descriptor := library.inotify_init()) >= 0:
        opened.append(descriptor)
    for descriptor in opened:
        os.close(descriptor)
    if len(opened) == wanted:
        return None
    return Finding(
        f"{getpass.getuser()} can open {len(opened)} more inotify instances, a cluster takes "
        f"{wanted}: other worlds or programs hold the rest",
        "end one of them, or as root: sysctl fs.inotify.max_user_instances=1024",
    )


def namespaces() -> list[Finding]:
    """Whether the kernel lets this user make the namespace."""
    problem = attempt("ip link add probe type bridge && mount -t tmpfs tmpfs /run")
    if not problem:
        return []
    return [Finding(f"the private namespace can't be made: {problem}", namespace_remedy())]


SWITCHES = {
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": (
        "1",
        "sysctl kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu 24.04 and newer)",
    ),
    "/proc/sys/kernel/unprivileged_userns_clone": (
        "0",
        "sysctl kernel.unprivileged_userns_clone=1",
    ),
}

LIMITED = ("user", "net", "mnt", "pid", "uts", "ipc")
"""Kinds of namespaces that the world, its nodes and its pods are made of."""

FEWEST = 100
"""Where fewer than this are allowed of a kind, that is taken for the cause."""


def namespace_remedy(root: Path = Path("/")) -> str:
    """Which switch forbids user namespaces here, as far as it can be told."""
    for path, (forbidding, remedy) in SWITCHES.items():
        switch = root / path.lstrip("/")
        if switch.exists() and switch.read_text().strip() == forbidding:
            return f"as root: {remedy}; or run the rehearsal as root"
    settings = {kind: root / f"proc/sys/user/max_{kind}_namespaces" for kind in LIMITED}
    low = [
        f"user.max_{kind}_namespaces=15000"
        for kind, path in settings.items()
        if path.exists() and int(path.read_text()) < FEWEST
    ]
    if low:
        # This holds for root as well.
        return f"as root, outside any container: sysctl {' '.join(low)}"
    return (
        "a container without the right to make namespaces? Run it on the machine itself, or in a "
        "container started with --privileged"
    )
