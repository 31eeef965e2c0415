"""What is missing on a machine is named together with what helps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rehearsal import checks
from rehearsal.paths import Places


@pytest.mark.parametrize(
    ("line", "enough"),
    [
        ("dev:100000:65536", True),
        ("dev:100000:100", False),
        ("1000:100000:65536", True),
        ("other:100000:65536", False),
        ("", False),
    ],
)
def test_a_range_of_sub_ids_must_be_the_users_and_large(
    tmp_path: Path, line: str, enough: bool
) -> None:
    (tmp_path / "subuid").write_text(line + "\n")
    assert checks.has_range(tmp_path / "subuid", {"dev", "1000"}) is enough


def test_a_missing_range_file_is_a_missing_range(tmp_path: Path) -> None:
    assert checks.has_range(tmp_path / "none", {"dev"}) is False


@pytest.mark.parametrize(
    ("path", "value", "remedy"),
    [
        ("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "apparmor"),
        ("proc/sys/kernel/unprivileged_userns_clone", "0", "unprivileged_userns_clone=1"),
        ("proc/sys/user/max_user_namespaces", "0", "sysctl user.max_user_namespaces="),
        ("proc/sys/user/max_net_namespaces", "0", "sysctl user.max_net_namespaces="),
    ],
)
def test_the_switch_that_forbids_namespaces_is_named(
    tmp_path: Path, path: str, value: str, remedy: str
) -> None:
    switch = tmp_path / path
    switch.parent.mkdir(parents=True)
    switch.write_text(value + "\n")
    assert remedy in checks.namespace_remedy(tmp_path)
    switch.write_text("7000\n")
    assert remedy not in checks.namespace_remedy(tmp_path)


@pytest.mark.parametrize("kind", ["user", "net", "mnt", "pid"])
def test_a_forbidden_namespace_is_named_and_leaves_nothing_behind(kind: str) -> None:
    """The kernel's limit holds per user namespace, so one of our own may lower it for itself."""
    script = (
        "import os; from rehearsal import checks; "
        f"open('/proc/sys/user/max_{kind}_namespaces', 'w').write('0'); "
        "[found] = checks.namespaces(); print(found); "
        "import time; time.sleep(0.2); from rehearsal.identity import started_at; "
        # Without those that have ended: this first process reaps nobody.
        "print([int(n) for n in os.listdir('/proc') if n.isdigit() and started_at(int(n))])"
    )
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc",
         sys.executable, "-c", script],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "the private namespace can't be made: unshare: " in done.stdout
    assert f"sysctl user.max_{kind}_namespaces=15000" in done.stdout
    assert done.stdout.splitlines()[-1] == "[1]"


def test_too_few_inotify_instances_are_named() -> None:
    """More than any machine allows; what was opened to count is closed again."""
    found = checks.watches(2**20)
    assert found is not None
    assert "more inotify instances" in str(found)
    assert "sysctl fs.inotify.max_user_instances=" in found.remedy
    assert checks.watches(1) is None


def test_a_small_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "DISK_COLD_GIB", 10**9)
    places = Places(tmp_path / "data/not/there", tmp_path / "cache/not/there")
    found = checks.disk(places, cold=True)
    assert [item.blocks for item in found] == [True]
    assert "GiB of free disk space" in str(found[0])
    assert "RAGOPS_CACHE" in found[0].remedy
    assert checks.disk(places, cold=False) == []


def test_missing_tools_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [item.what.split()[0] for item in checks.tools()] == ["Go", "Node"]


def test_an_old_node_is_not_enough(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, text in {"go": "", "npm": "", "node": "echo v18.19.0"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [item.what for item in checks.tools()] == ["Node 20 or newer with npm is missing"]


def test_nothing_is_installed_where_nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "missing_packages", lambda _also: [])
    monkeypatch.setattr(checks, "subids_missing", lambda: False)
    assert checks.installation() is None


def test_the_installation_is_one_script_that_starts_no_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checks, "missing_packages", lambda also: ["buildah", *also])
    monkeypatch.setattr(checks, "subids_missing", lambda: True)
    script = checks.installation(["postgresql"])
    assert script is not None
    assert "apt-get install -q -y --no-install-recommends buildah postgresql" in script
    assert script.index("policy-rc.d") < script.index("apt-get install")
    assert "systemctl disable -q postgresql" in script
    assert "usermod --add-subuids" in script
