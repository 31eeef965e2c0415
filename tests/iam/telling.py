"""Find out which actions a playbook can't do without, from what it says when they are denied.

A user begins with what every run needs around its work (docs/iam/run.json), and with no other
permission. Each module that is denied an action must fail and name
it; then the user gets this action, and the same module runs again, as the playbook started it,
until it is through. What the user has in the end is what the playbook needs: each action of it
was missed, and named, while all that had been asked before was allowed.
"""

from __future__ import annotations

import json
import re
import socketserver
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accounts import (
    HERE,
    LIFE,
    OWNER,
    PLAYBOOKS,
    Account,
    Scene,
    States,
    User,
    write_program,
)
from conditions import Question

Welcome = Callable[[Account, User], None]
ACTION = re.compile(r"\b[a-z0-9-]+:[A-Z][A-Za-z0-9]+")


def nothing(*_: object) -> None:
    """No user needs anything beside permissions."""


@dataclass
class Found:
    """What was found out of a playbook.

    named: the words of the failure, by action; where: the scene in which that was; censored:
    actions of whose failure the playbook prints little more than their name (no_log); hidden:
    those of whose failure it prints not even that; unnamed: what it printed when it
    failed without a name, by the actions that it lacked; spared: actions that it asked for, and
    went on without; questions: all that was put to IAM.
    """

    named: dict[str, str] = field(default_factory=dict)
    where: dict[str, Scene] = field(default_factory=dict)
    censored: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    unnamed: dict[str, str] = field(default_factory=dict)
    spared: set[str] = field(default_factory=set)
    questions: set[Question] = field(default_factory=set)


@dataclass
class Teller:
    """Gives a user of an account what it is denied, if the denial is named."""

    account: Account
    user: User
    found: Found
    lock: threading.Lock = field(default_factory=threading.Lock)
    given: set[str] = field(default_factory=set)
    heard: set[str] = field(default_factory=set)

    def give(self, action: str) -> None:
        """Allow one action from now on."""
        statement = {"Effect": "Allow", "Action": [action], "Resource": "*"}
        self.account.client("iam").put_user_policy(
            UserName=self.user.name,
            PolicyName=action.replace(":", "-"),
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )
        self.given.add(action)

    def hear(self, said: str, hidden: bool = False) -> bool:
        """Take a failure. Returns whether to try again: what was lacking is there now."""
        with self.lock:
            found = set(ACTION.findall(said))
            lacking = (found & self.account.denied(self.user)) - self.given
            if len(lacking) > 1:
                return False  # which one was missed is not clear to a reader either
            for action in lacking:
                self.give(action)
                if hidden:
                    # This much of a hidden failure is printed (playbooks/tasks/component.yml).
                    shown = f"not allowed to {action}" in said
                    (self.found.censored if shown else self.found.hidden).add(action)
                self.found.named.setdefault(action, message(said, action))
            # Another module was given it while this one was being refused: once more, then.
            late = found & self.given and said not in self.heard
            self.heard.add(said)
            return bool(lacking) or bool(late)

    def help_on(self, said: str) -> bool:
        """Give all that was denied, since the playbook failed and named nothing of it."""
        lacking = self.account.denied(self.user) - self.given
        for action in lacking:
            self.give(action)
            self.found.unnamed[action] = said
        return bool(lacking)

    @contextmanager
    def answering(self) -> Iterator[dict[str, str]]:
        """Answer modules until the block ends; gives the environment that they need."""
        teller = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                asked: dict[str, Any] = json.loads(self.rfile.read())
                self.wfile.write(b"again" if teller.hear(**asked) else b"enough")

        path = self.account.programs / "teller"
        path.unlink(missing_ok=True)
        with socketserver.ThreadingUnixStreamServer(str(path), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield {"IAM_TELLER": str(path)}
            finally:
                server.shutdown()


def message(said: str, action: str) -> str:
    """The line in which a failure names the action."""
    text = said.replace("\\n", "\n")
    return next(line.strip() for line in text.splitlines() if action in line)[:500]


def interpreter(folder: Path) -> Path:
    """The program that stands in the place of Python."""
    path = folder / "asking"
    write_program(path, f'exec "{sys.executable}" -S -E "{HERE / "asking.py"}" "$@"')
    return path


def find_needs(
    account: Account,
    playbook: str,
    found: Found,
    warm: str,
    welcome: Welcome = nothing,
) -> None:
    """Run a playbook as a user who gets only what is missed by name. Adds to what is known.

    warm: the socket of warm.py; welcome: does what the user needs beside permissions.
    """
    # A name of its own: the account may have seen another beginner.
    user = account.user(f"{playbook}-beginner-{uuid.uuid4().hex[:6]}", [], playbook)
    teller = Teller(account, user, found)
    welcome(account, teller.user)
    for action in [*found.named, *found.unnamed]:
        teller.give(action)
    with teller.answering() as environment:
        python = ["-e", f"ansible_python_interpreter={interpreter(account.programs)}"]
        while True:
            account.await_no_lock()
            ran = account.play(playbook, teller.user, *python, **environment, IAM_WARM=warm)
            # What is looked up by the controller and not by a module fails the playbook.
            if ran.returncode == 0 or not (teller.hear(ran.output) or teller.help_on(ran.output)):
                break
    assert ran.returncode == 0, f"{playbook}\n{ran.output}"
    found.questions |= account.questions(teller.user)
    found.spared |= account.denied(teller.user)
    found.spared -= {*found.named, *found.unnamed}


def confirm(account: Account, playbook: str, found: Found, welcome: Welcome = nothing) -> None:
    """Run the whole playbook without each hidden action; those that it prints are not hidden."""
    for number, action in enumerate(sorted(found.hidden)):
        allowed = sorted({*found.named, *found.unnamed} - {action})
        statement = {"Effect": "Allow", "Action": allowed, "Resource": ["*"]}
        user = account.user(f"{playbook}-without-{number}", [statement], playbook)
        welcome(account, user)
        account.await_no_lock()
        ran = account.play(playbook, user)
        if ran.returncode and action in ran.output:
            found.hidden.discard(action)


def live(kept: States) -> dict[str, Found]:
    """Run each playbook in each of its accounts, and make the accounts on the way."""
    found: dict[str, Found] = {}
    for scene in LIFE:
        with kept.account(scene.state, scene.keep) as account:
            if scene.playbook in PLAYBOOKS:
                known = found.setdefault(scene.playbook, Found())
                find_needs(account, scene.playbook, known, str(kept.warm))
                known.where |= dict.fromkeys(known.named.keys() - known.where.keys(), scene)
            else:
                ran = account.play(scene.playbook, OWNER)
                assert ran.returncode == 0, ran.output
        if scene.playbook in PLAYBOOKS and known.hidden:
            with kept.account(scene.state) as account:
                confirm(account, scene.playbook, known)
    return found
