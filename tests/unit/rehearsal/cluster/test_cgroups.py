"""Which control groups are ours: read from what different machines say."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.cluster import cgroups

SEPARATE_CGROUP = """\
9:name=systemd:/
8:pids:/
4:memory:/process_api/58c0
1:cpu:/
0::/
"""
SEPARATE_MOUNTS = """\
30 25 0:26 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
31 30 0:27 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
34 30 0:30 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
38 30 0:34 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
39 30 0:35 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
40 30 0:36 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
"""


def test_one_controller_per_hierarchy() -> None:
    found = cgroups.read_hierarchies(SEPARATE_CGROUP, SEPARATE_MOUNTS)
    assert {each.name: (each.options, each.own) for each in found} == {
        "systemd": ("none,name=systemd", "/sys/fs/cgroup/systemd"),
        "pids": ("pids", "/sys/fs/cgroup/pids"),
        "memory": ("memory", "/sys/fs/cgroup/memory/process_api/58c0"),
        "cpu": ("cpu", "/sys/fs/cgroup/cpu"),
    }


def test_controllers_that_share_a_hierarchy() -> None:
    found = cgroups.read_hierarchies(
        "4:cpu,cpuacct:/user.slice\n",
        "31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n",
    )
    assert found == (
        cgroups.Hierarchy("cpu,cpuacct", "cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct/user.slice"),
    )


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("/docker/abc", "/sys/fs/cgroup/memory"),
        ("/docker/abc/inner", "/sys/fs/cgroup/memory/inner"),
        ("/elsewhere", "/sys/fs/cgroup/memory"),
    ],
)
def test_a_container_sees_a_part_of_the_hierarchy(path: str, own: str) -> None:
    mount = "34 30 0:30 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    assert cgroups.read_hierarchies(f"4:memory:{path}\n", mount)[0].own == own


def test_version_2_alone_gives_none_of_version_1() -> None:
    mount = "30 25 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n"
    assert cgroups.read_hierarchies("0::/user.slice\n", mount) == ()


def test_a_cpuset_is_filled_from_its_parent(tmp_path: Path) -> None:
    # The kernel makes these files; here they lie ready.
    for folder in (tmp_path, tmp_path / "node"):
        folder.mkdir(exist_ok=True)
        for setting in cgroups.CPUSET:
            (folder / setting).write_text("0-1\n" if folder == tmp_path else "\n")
    cgroups.make(str(tmp_path / "node"))
    assert (tmp_path / "node" / "cpuset.cpus").read_text() == "0-1\n"


def test_remove_takes_what_containers_left(tmp_path: Path) -> None:
    (tmp_path / "base" / "node" / "k8s.io" / "container").mkdir(parents=True)
    (tmp_path / "base" / "other").mkdir()
    ours = (cgroups.Hierarchy("cpu", "cpu", str(tmp_path / "base")),)
    cgroups.remove(ours, "node")
    assert sorted(path.name for path in (tmp_path / "base").iterdir()) == ["other"]
    cgroups.remove(ours)
    assert not (tmp_path / "base").exists()
