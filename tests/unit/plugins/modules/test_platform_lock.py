"""One run at a time: the second one says who is at work, and every end of a run ends its lock."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._lock import keeper, lease
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Api
from support.ansible_runs import ansible_environment, run_playbook
from support.checkout import BIN, ROOT
from support.emulator import Aws

NAME = "/ragops.platform/ragops-dev/lock"
BOOK = f"""
- import_playbook: {ROOT}/playbooks/lock.yml
  vars: {{lock_work: the first run}}
- hosts: kms
  gather_facts: false
  tasks:
    - ansible.builtin.wait_for: {{path: "{{{{ done }}}}", timeout: 100}}
"""


def lock_of(aws: Aws) -> dict[str, Any] | None:
    ssm = aws.client("ssm")
    try:
        return dict(json.loads(ssm.get_parameter(Name=NAME)["Parameter"]["Value"]))
    except ssm.exceptions.ParameterNotFound:
        return None


def soon(what: Callable[[], object]) -> object:
    """Wait until something is so; return it."""
    end = time.monotonic() + 60
    while not (found := what()):
        assert time.monotonic() < end, "it did not become so within 60 s"
        time.sleep(0.2)
    return found


@contextmanager
def at_work(aws: Aws, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A run that holds the lock, and goes on until the file `done` is there."""
    book = folder / "book.yml"
    book.write_text(BOOK)
    argv = [str(BIN / "ansible-playbook"), str(book), "-i", "inventories/dev", "--limit", "kms"]
    with subprocess.Popen(
        [*argv, "-e", f"done={folder / 'done'}"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=ansible_environment(aws.environment),
    ) as process:
        soon(lambda: lock_of(aws))
        yield process
        (folder / "done").touch()


def test_of_two_runs_the_second_says_who_is_at_work(aws: Aws, tmp_path: Path) -> None:
    with at_work(aws, tmp_path) as first:
        second = run_playbook(
            ROOT,
            *("playbooks/lock.yml", "-i", "inventories/dev", "-e", "lock_work=another"),
            environment=aws.environment,
        )
        assert second.returncode == 2, second.output
        for text in (
            "Another run is working on this platform: the first run by "
            "arn:aws:iam::000000000000:root on",
            f"(process {first.pid})",
            f"aws ssm delete-parameter --region us-east-1 --name {NAME}",
            "Nothing was changed.",
        ):
            assert text in " ".join(second.output.split()), text
        check = run_playbook(
            ROOT,
            *("playbooks/lock.yml", "-i", "inventories/dev", "-e", "lock_work=plan", "--check"),
            environment=aws.environment,
        )
        assert check.returncode == 0, check.output
    assert first.returncode == 0
    soon(lambda: lock_of(aws) is None)


def test_a_run_that_is_killed_leaves_no_lock(aws: Aws, tmp_path: Path) -> None:
    with at_work(aws, tmp_path) as run:
        os.kill(run.pid, signal.SIGKILL)
        soon(lambda: lock_of(aws) is None)


@pytest.fixture
def ssm(aws: Aws) -> Api:
    return Api(aws.client("ssm"))


def other(**more: Any) -> lease.Holder:
    """A run of another machine."""
    mine = lease.holder("arn:aws:iam::123456789012:role/ops", "destroy.yml", 4711)
    return dataclasses.replace(mine, place="elsewhere", **more)


def held(aws: Aws) -> str:
    found = lock_of(aws)
    assert found is not None
    return str(found["token"])


def test_a_lock_ends_by_itself_and_one_of_several_takes_it_over(ssm: Api, aws: Aws) -> None:
    lease.acquire(ssm, NAME, other())
    with pytest.raises(AwsError, match=r"destroy\.yml by arn:aws:iam::123456789012:role/ops"):
        lease.acquire(ssm, NAME, other())
    # AWS tells the time in whole seconds, so that one of no seconds may not be over yet.
    dead = dataclasses.asdict(other(lease=-1))
    ssm.client.put_parameter(Name=NAME, Value=json.dumps(dead), Overwrite=True)
    runs = [other() for _ in range(4)]

    def tries(run: lease.Holder) -> bool:
        try:
            lease.acquire(Api(aws.client("ssm")), NAME, run)
        except AwsError as error:
            return "Another run is working on this platform" not in str(error)
        return True

    with ThreadPoolExecutor() as pool:
        won = [run.token for run, has in zip(runs, pool.map(tries, runs), strict=True) if has]
    assert len(won) == 1
    assert held(aws) == won[0], "what a slower one wrote was put back"


def test_a_run_of_this_machine_that_is_gone_holds_nothing(ssm: Api, aws: Aws) -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    lease.acquire(ssm, NAME, lease.holder("arn:somebody", "site.yml", gone.pid))
    mine = lease.holder("arn:me", "site.yml", os.getpid())
    lease.acquire(ssm, NAME, mine, patience=1)
    assert held(aws) == mine.token


def test_something_else_in_the_lock_s_place_is_named(ssm: Api) -> None:
    ssm.client.put_parameter(Name=NAME, Value="on", Type="String")
    with pytest.raises(
        AwsError, match=f"{NAME} is reserved for the lock of this platform, but contains"
    ):
        lease.acquire(ssm, NAME, other())


def keeping(aws: Aws, folder: Path, token: str) -> subprocess.Popen[bytes]:
    """A keeper of its own process, as a run starts it."""
    wish = keeper.Wish(
        NAME, "us-east-1", token, f'{{"token": "{token}"}}', 0.2, 0, str(folder), "lost"
    )
    (folder / "wish").write_text(json.dumps(dataclasses.asdict(wish)))
    return subprocess.Popen(
        [sys.executable, keeper.__file__, str(folder / "wish")],
        env=ansible_environment(aws.environment),
    )


def test_a_keeper_renews_its_lock_and_leaves_another_s_alone(aws: Aws, tmp_path: Path) -> None:
    ssm = aws.client("ssm")
    version = ssm.put_parameter(Name=NAME, Value='{"token": "mine"}', Type="String")["Version"]
    with keeping(aws, tmp_path, "mine") as kept:
        soon(lambda: ssm.get_parameter(Name=NAME)["Parameter"]["Version"] > version + 1)
        ssm.put_parameter(Name=NAME, Value='{"token": "theirs"}', Overwrite=True)
        soon((tmp_path / "lost").exists)
        assert kept.wait(20) == 0
    assert held(aws) == "theirs"
