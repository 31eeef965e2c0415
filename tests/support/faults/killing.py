"""Run a component's modules in a child process that can be killed at any mutating call."""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import io
import json
import os
import signal
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
from ansible.module_utils import basic

from support.emulator import Aws
from support.faults.holdings import Holdings
from support.faults.subjects import Ground, Result, Runner, Subject

Job = Callable[[Runner, Ground], None]
NAMESPACE = "ansible_collections.ragops.platform.plugins.modules"
PATIENCE = 300
"""Seconds for a component's modules, against AWS's emulation."""


class Failed(Exception):
    """A module failed, or what it left is wrong."""


@dataclass(frozen=True)
class Point:
    """Where a run is killed. job: present or absent; nth: which mutating call, from 1."""

    subject: str
    job: str
    nth: int
    after: bool

    def __str__(self) -> str:
        side = "after" if self.after else "before"
        return f"{self.subject} {self.job}, {side} mutating call {self.nth}"


@dataclass
class Faults:
    """The fault proxy: an AWS by its own address."""

    aws: Aws

    def plan(self, **plan: Any) -> None:
        """Forget what was noted, and do this from now on."""
        httpx.post(f"{self.aws.url}/_faults", json=plan, timeout=10).raise_for_status()

    def report(self) -> dict[str, Any]:
        """What was noted since the last plan."""
        answer: dict[str, Any] = httpx.get(f"{self.aws.url}/_faults", timeout=10).json()
        return answer


def run_module(environment: Mapping[str, str], module: str, options: dict[str, Any]) -> Result:
    """Run a module of ours in this process. Raises Failed with its message."""
    payload = json.dumps({"ANSIBLE_MODULE_ARGS": options}).encode()
    printed = io.StringIO()
    with (
        mock.patch.object(basic, "_ANSIBLE_ARGS", payload),
        mock.patch.object(basic, "_ANSIBLE_PROFILE", "legacy"),
        mock.patch.dict(os.environ, environment),
        contextlib.redirect_stdout(printed),
        contextlib.suppress(SystemExit),
    ):
        importlib.import_module(f"{NAMESPACE}.{module}").main()
    result: Result = json.loads(printed.getvalue())
    if result.get("failed"):
        raise Failed(f"{module}: {result['msg']}")
    return result


def be_alone() -> None:
    """Wait until this process has no thread but this one, so that it can be forked.

    Python counts a thread as ended a moment before it is: it then gives back what the C library
    keeps for it, under a lock (of the resolver, say). A child that is forked in that moment has
    the lock and not the thread, and waits for it for ever.
    """
    deadline = time.monotonic() + 30
    while len(list(Path("/proc/self/task").iterdir())) > 1:
        assert time.monotonic() < deadline, f"threads are left: {threading.enumerate()}"
        time.sleep(0.001)


def in_child(work: Callable[[], None], ready: Callable[[int], None]) -> str | None:
    """Do work in a child.

    ready: is told the child's number before the work begins. Returns None when the child was
    killed, else "" or its failure. A fork and not a new Python: what is imported is imported.
    """
    start_read, start_write = os.pipe()
    said_read, said_write = os.pipe()
    be_alone()
    child = os.fork()
    if child == 0:
        os.close(start_write)
        os.read(start_read, 1)
        # A thread of its own, in C: it tells where a run hangs that takes no signal any more.
        faulthandler.dump_traceback_later(PATIENCE, exit=True, file=said_write)
        message = ""
        try:
            work()
        except Failed as failure:
            message = str(failure)
        except BaseException:
            message = traceback.format_exc()
        with os.fdopen(said_write, "w") as out:
            out.write(message)
        os._exit(0)
    os.close(start_read)
    os.close(said_write)
    ready(child)
    os.close(start_write)
    with os.fdopen(said_read) as said:
        message = said.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return None if os.WTERMSIG(status) == signal.SIGKILL else f"signal {os.WTERMSIG(status)}"
    return message


class Bench:
    """Kills, runs again and compares. One emulated AWS behind one fault proxy."""

    def __init__(self, aws: Aws, faults: Faults) -> None:
        self.aws = aws
        self.faults = faults
        self.holdings = Holdings(aws)
        self._ground: Ground = {}
        self._whole: dict[str, Counter[str]] = {}
        self._calls: dict[str, dict[str, list[str]]] = {}
        self._counts: dict[str, dict[str, int]] = {}

    def settle_in(self, subject: Subject) -> None:
        """An empty account with the ground that the subject stands on."""
        self.aws.reset()
        self._ground = subject.prepare(self.aws)

    def run(self, job: Job, kill: tuple[int, bool] | None = None, **plan: Any) -> bool | None:
        """Run a job through the proxy. Returns whether it changed something; None: killed.

        Raises Failed when it failed.
        """
        changed = io.StringIO()
        read, write = os.pipe()

        def work() -> None:
            with os.fdopen(write, "w", closefd=False) as out:
                job(lambda module, options: self._step(module, options, out), self._ground)

        def ready(leader: int) -> None:
            killing = {"leader": leader, "nth": kill[0], "after": kill[1]} if kill else {}
            self.faults.plan(kill=killing, **plan)

        message = in_child(work, ready)
        os.close(write)
        with os.fdopen(read) as told:
            changed.write(told.read())
        if message:
            raise Failed(message)
        return None if message is None else "changed" in changed.getvalue()

    def _step(self, module: str, options: dict[str, Any], out: Any) -> Result:
        result = run_module(self.faults.aws.environment, module, options)
        if result["changed"]:
            out.write("changed\n")
        return result

    def calls(self, subject: Subject) -> dict[str, list[str]]:
        """The mutating calls of an undisturbed life, by job; remembers what it makes.

        Leaves an account with nothing but the subject's ground.
        """
        self.settle_in(subject)
        if subject.name in self._calls:
            return self._calls[subject.name]
        found: dict[str, list[str]] = {}
        counts = self._counts[subject.name] = {}
        self.run(subject.present)
        report = self.faults.report()
        found["present"], counts["present"] = report["mutating"], report["calls"]
        self._whole[subject.name] = self.holdings.count()
        self.run(subject.absent)
        report = self.faults.report()
        found["absent"], counts["absent"] = report["mutating"], report["calls"]
        self.expect(Counter(), "after an undisturbed life")
        self._calls[subject.name] = found
        return found

    def count(self, subject: Subject, job: str) -> int:
        """How many calls a job makes in an undisturbed life; `calls` finds it out."""
        return self._counts[subject.name][job]

    def whole(self, subject: Subject) -> Counter[str]:
        """What an undisturbed run makes; `calls` finds it out."""
        return self._whole[subject.name]

    def expect(self, wanted: Counter[str], when: str) -> None:
        """Fail unless the account holds exactly this of the platform."""
        found = self.holdings.count()
        surplus, lacking = found - wanted, wanted - found
        if surplus or lacking:
            raise Failed(f"{when}: too many: {dict(surplus)}, lacking: {dict(lacking)}")

    def survive(self, subject: Subject, point: Point) -> str:
        """Kill the job at this point, run again, and see that all is as if nothing had been.

        Returns the call at which it was killed. Raises Failed.
        """
        job: Job = getattr(subject, point.job)
        wanted = self.whole(subject) if point.job == "present" else Counter()
        if point.job == "absent":
            self.run(subject.present)
        if self.run(job, kill=(point.nth, point.after)) is not None:
            raise Failed("was not killed: the run took another way")
        killed = str(self.faults.report()["killed"])
        try:
            self.run(job)
            if self.run(job):
                raise Failed("the second run after the kill still changed something")
            self.expect(wanted, "after the run that followed the kill")
            self.run(subject.absent)
            self.expect(Counter(), "after destroy")
        except Failed as failure:
            raise Failed(f"killed at {killed}: {failure}") from failure
        return killed

    def lose(self, subject: Subject, job: str, nth: int) -> str:
        """Lose the answer to one mutating call, and see that the same run converges.

        Returns the call. Raises Failed.
        """
        work: Job = getattr(subject, job)
        if job == "absent":
            self.run(subject.present)
        problem = ""
        try:
            self.run(work, lose=nth)
        except Failed as failure:
            problem = str(failure)
        lost = " ".join(self.faults.report()["injected"])
        if not lost:
            raise Failed("no answer was lost: the run took another way")
        if problem:
            raise Failed(f"{lost}: {problem}")
        try:
            if self.run(work):
                raise Failed("the run after it still changed something")
            wanted = self.whole(subject) if job == "present" else Counter()
            self.expect(wanted, "after the run")
            self.run(subject.absent)
            self.expect(Counter(), "after destroy")
        except Failed as failure:
            raise Failed(f"{lost}: {failure}") from failure
        return lost
