"""Which ansible-core the platform runs with: the oldest is refused, the newest plans the same."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.ansible_runs import Ran, ansible_environment
from support.checkout import BIN, ROOT
from support.emulator import Aws

SOME = ("--limit", "network,kms,s3,ecr,secrets")
PLAYBOOKS = sorted(
    str(path.relative_to(ROOT))
    for path in (ROOT / "playbooks").glob("*.yml")
    if path.stem not in {"phase", "removal", "gate"}  # parts of others
)


def run(program: Path, *arguments: str, aws: Aws | None = None, **environment: str) -> Ran:
    """Run another ansible-playbook in the checkout."""
    done = subprocess.run(
        [program, "-i", "inventories/dev", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
        env=ansible_environment({**(aws or Aws("http://127.0.0.1:9")).environment, **environment}),
    )
    return Ran(done.returncode, done.stdout + done.stderr, {}, {})


def planned(program: Path, aws: Aws, file: Path) -> tuple[Ran, Any]:
    """Make a plan, and return the run and the plan's rows."""
    file.unlink(missing_ok=True)
    made = run(program, "playbooks/plan.yml", *SOME, "-e", f"plan_file={file}", aws=aws)
    return made, json.loads(file.read_text()) if file.exists() else None


@pytest.mark.parametrize("callbacks", ["ragops.platform.plan", ""])
@pytest.mark.parametrize(
    "arguments",
    [
        ("playbooks/plan.yml",),
        ("playbooks/plan.yml", "--check"),
        ("site.yml", "--check"),
        ("site.yml",),
        ("destroy.yml", "-e", "confirm=dev"),
    ],
)
def test_an_old_core_is_refused(oldest: Path, arguments: tuple[str, ...], callbacks: str) -> None:
    """It ended well, with "Nothing to change.", where there was everything to change."""
    # Where its own collections are, it lacks those of the bundle.
    bundle = BIN.parent / "lib/python3.11/site-packages"
    refused = run(
        oldest,
        *arguments,
        ANSIBLE_COLLECTIONS_PATH=f"{ROOT / 'collections'}:{bundle}",
        ANSIBLE_CALLBACKS_ENABLED=callbacks,
    )
    assert refused.returncode != 0, refused.output
    assert "needs ansible-core 2.19 or newer, and this is 2.18" in " ".join(refused.output.split())
    assert "Nothing to change." not in refused.output


def test_every_playbook_is_one_for_the_newest_core(newest: Path) -> None:
    checked = run(newest, "--syntax-check", *PLAYBOOKS)
    assert checked.returncode == 0, checked.output


def test_the_newest_core_plans_the_same_and_does_it(newest: Path, aws: Aws, tmp_path: Path) -> None:
    ours, expected = planned(BIN / "ansible-playbook", aws, tmp_path / "ours.json")
    assert ours.returncode == 0, ours.output
    theirs, rows = planned(newest, aws, tmp_path / "theirs.json")
    assert theirs.returncode == 0, theirs.output
    assert rows == expected
    assert "CallbackTaskResult" not in theirs.output, "a part of Ansible that will be gone"
    made = run(newest, "site.yml", *SOME, aws=aws)
    assert made.returncode == 0, made.output
    again, rows = planned(newest, aws, tmp_path / "again.json")
    assert again.returncode == 0, again.output
    assert rows == []
