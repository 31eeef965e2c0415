"""Control groups for the nodes: without them limits and metrics would not be true.

Each node gets a directory of its own in every hierarchy (version 1) and a cgroup
namespace whose root that is. The kernel does not remove these directories when
the processes in them end, so `remove` does.

This module is imported by a node's first process too: standard library only.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

NEEDED = frozenset({"cpu", "cpuacct", "cpuset", "devices", "freezer", "memory", "pids"})
"""Controllers that kubelet and runc do not go without."""

CPUSET = ("cpuset.cpus", "cpuset.mems")


@dataclass(frozen=True)
class Hierarchy:
    """One mounted hierarchy of version 1.

    name: its folder's name, e.g. "cpu,cpuacct"; options: what it is mounted with;
    own: our own directory in it.
    """

    name: str
    options: str
    own: str

    def as_json(self) -> dict[str, str]:
        """The fields, for a node's own process."""
        return asdict(self)


@dataclass(frozen=True)
class Delegation:
    """What the nodes can have: hierarchies to mount, or the reason why there are none."""

    hierarchies: tuple[Hierarchy, ...]
    reason: str = ""


class Forbidden(Exception):
    """Control groups cannot be made here; the text says why and what would help."""


def read_hierarchies(self_cgroup: str, self_mountinfo: str) -> tuple[Hierarchy, ...]:
    """Parse /proc/self/cgroup and /proc/self/mountinfo into version 1 hierarchies."""
    mounts = _mounts(self_mountinfo)
    found = []
    for line in self_cgroup.splitlines():
        _, controllers, path = line.split(":", 2)
        mount = mounts.get(frozenset(controllers.split(","))) if controllers else None
        if mount is None:
            continue
        root, mount_point = mount
        own = Path(mount_point) / os.path.relpath(path, root)
        if ".." in own.parts:  # mounted from elsewhere: what is visible is all there is
            own = Path(mount_point)
        options = f"none,{controllers}" if controllers.startswith("name=") else controllers
        found.append(Hierarchy(Path(mount_point).name, options, str(own)))
    return tuple(found)


def _mounts(self_mountinfo: str) -> dict[frozenset[str], tuple[str, str]]:
    """Controllers of each version 1 mount -> (its root in the hierarchy, mount point)."""
    mounts = {}
    for line in self_mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        kind, _, options = right.split(" ", 2)
        if kind == "cgroup":
            controllers = frozenset(options.split(",")) - {"rw", "ro", "xattr", "clone_children"}
            controllers = frozenset(
                each for each in controllers if not each.startswith("release_agent=")
            )
            root, mount_point = left.split(" ")[3:5]
            mounts[controllers] = (root, mount_point)
    return mounts


def delegate(name: str) -> Delegation:
    """Make the directory `name` in every hierarchy; the nodes' directories go into it."""
    try:
        return Delegation(_delegate(name))
    except Forbidden as error:
        return Delegation((), str(error))


def _delegate(name: str) -> tuple[Hierarchy, ...]:
    hierarchies = read_hierarchies(
        Path("/proc/self/cgroup").read_text(), Path("/proc/self/mountinfo").read_text()
    )
    present = {each for hierarchy in hierarchies for each in hierarchy.options.split(",")}
    if missing := NEEDED - present:
        raise Forbidden(
            f"this machine has no control groups of version 1 for {', '.join(sorted(missing))}"
        )
    try:
        based = tuple(
            Hierarchy(each.name, each.options, make(f"{each.own}/{name}")) for each in hierarchies
        )
    except OSError as error:
        remove(tuple(Hierarchy(h.name, h.options, f"{h.own}/{name}") for h in hierarchies))
        raise Forbidden(
            f"{error.filename}: {error.strerror}; run the rehearsal as root, or let root delegate "
            "a directory in every control group hierarchy to you"
        ) from error
    return based


def make(directory: str) -> str:
    """Make one control group and return its path; a cpuset starts empty, so fill it."""
    path = Path(directory)
    path.mkdir(exist_ok=True)
    for setting in CPUSET:
        if (path / setting).exists() and not (path / setting).read_text().strip():
            (path / setting).write_text((path.parent / setting).read_text())
    return directory


def enter(hierarchies: tuple[Hierarchy, ...], node: str) -> None:
    """Move this process into its node's directories, which are made here."""
    for hierarchy in hierarchies:
        make(f"{hierarchy.own}/{node}")
        Path(f"{hierarchy.own}/{node}/cgroup.procs").write_text(str(os.getpid()))


def remove(hierarchies: tuple[Hierarchy, ...], node: str = "", timeout: float = 10) -> None:
    """Remove a node's directories, or all of them. Their processes must have been killed."""
    deadline = time.monotonic() + timeout
    for hierarchy in hierarchies:
        top = Path(hierarchy.own) / node
        while top.exists():
            _remove_tree(top)
            if time.monotonic() > deadline:
                break
            if top.exists():
                time.sleep(0.05)  # processes that were killed are not gone yet


def _remove_tree(top: Path) -> None:
    for folder, _, _ in os.walk(top, topdown=False):
        with contextlib.suppress(OSError):  # still in use: the caller tries again
            Path(folder).rmdir()
