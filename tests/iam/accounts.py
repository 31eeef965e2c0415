"""An emulated account in which IAM decides, and runs of the playbooks by users of it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from conditions import Question
from policies import MOST_CHARACTERS
from support.ansible_runs import Ran, run_playbook
from support.checkout import ROOT
from support.emulator import Aws, find_emulator, not_ready
from support.ports import free_port
from support.published_policies import ACCOUNT, REGION, filled

EMPTY = "empty"
NAME = "ragops-prod"
ROOT_KEY = "test"
HERE = Path(__file__).resolve().parent
PATIENCE = 120
"""Seconds for an account to be served."""
LONGEST = 3600
"""Seconds for a playbook whose modules are refused a hundred times."""
LAYER = ["--limit", "foundation,data,workload_identity,!images"]
GIVEN_UP = {
    "eks_deletion_protection": False,
    "rds_deletion_protection": False,
    "destroy_data": True,
}
ADMINISTRATORS = {
    "principal_arn": f"arn:aws:iam::{ACCOUNT}:role/administrators",
    "policies": [{"policy_arn": "AmazonEKSClusterAdminPolicy"}],
}
BOUNDARY = f"{NAME}-boundary"
BOUND = f"arn:{{partition}}:iam::{{account}}:policy/{BOUNDARY}"
SHARED = [
    "-e",
    json.dumps(
        {
            "eks_access_entries": [ADMINISTRATORS],
            "platform_permissions_boundary": BOUND,
        }
    ),
]
"""As production has it: the cluster is a team's. By default it would be open to who runs the
playbook, and each user here would find an account in which the entry of another one stands."""
PLAYBOOKS: dict[str, list[str]] = {
    "plan": ["playbooks/plan.yml", *LAYER, *SHARED],
    "site": ["site.yml", *LAYER, *SHARED],
    "outputs": ["playbooks/outputs.yml", *LAYER],
    "rotate_secrets": ["playbooks/rotate_secrets.yml", "--limit", "secrets,elasticache"],
    "upgrade": ["playbooks/upgrade.yml", "--limit", "eks", *SHARED, "-e", "eks_version=1.35"],
    "destroy": ["destroy.yml", *LAYER, "-e", json.dumps({"confirm": "prod", **GIVEN_UP})],
    "sweep": ["playbooks/sweep.yml", *LAYER],
}
"""What users run."""
CLUSTER: dict[str, list[str]] = {
    "cluster": ["site.yml", "--limit", "images,addons,vectors,application,verification"],
    "verify": ["playbooks/verify.yml"],
}
"""What users run in the rehearsal, where there is a cluster."""
WITHOUT_LOCK = ("plan", "outputs", "sweep", "verify")
"""What changes nothing, and takes no lock."""
LOCK = "/ragops.platform/{name}/lock"
OWNERS = {
    "older": ["site.yml", "--limit", "foundation,eks", *SHARED, "-e", "eks_version=1.34"],
    "layer": ["site.yml", *LAYER],
}
"""What the owner runs: a cluster that can be upgraded; the layer below the cluster's phases."""


@dataclass(frozen=True)
class Scene:
    """A playbook in an account. state: how the account begins; keep: the state it ends as."""

    playbook: str
    state: str
    keep: str = ""


LIFE = (
    Scene("plan", EMPTY),
    Scene("site", EMPTY, keep="built"),
    Scene("site", "built"),
    Scene("plan", "built"),
    Scene("outputs", "built"),
    Scene("rotate_secrets", "built"),
    Scene("destroy", "built", keep="gone"),
    Scene("sweep", "gone"),
    Scene("older", EMPTY, keep="older"),
    Scene("upgrade", "older"),
)
"""Where each playbook is run: what it asks depends on what there is."""


@dataclass(frozen=True)
class User:
    """Who calls: an access key."""

    name: str
    key: str
    secret: str


OWNER = User("root", ROOT_KEY, ROOT_KEY)


@dataclass
class Account:
    """The account. decisions: the log of what IAM was asked; programs: folder to put on PATH;
    settings: further variables of environment; name: the platform's.
    """

    aws: Aws
    decisions: Path
    programs: Path
    inventory: str = "inventories/prod"
    settings: dict[str, str] = field(default_factory=dict)
    name: str = NAME

    def client(self, service: str) -> Any:
        """A client of the account's owner."""
        return boto3.client(
            service,
            endpoint_url=self.aws.url,
            region_name=REGION,
            aws_access_key_id=OWNER.key,
            aws_secret_access_key=OWNER.secret,
        )

    def user(self, name: str, wanted: list[dict[str, Any]], playbook: str) -> User:
        """Make a user who may do what the statements say, in as many policies as they need.

        And what every run needs around its work: docs/iam/run.json.
        """
        iam = self.client("iam")
        iam.create_user(UserName=name)
        around = filled("run", self.name)["Statement"]
        if playbook in WITHOUT_LOCK:
            around = [each for each in around if each["Sid"] != "TakeTheLock"]
        for number, part in enumerate(parts([*around, *wanted])):
            document = json.dumps({"Version": "2012-10-17", "Statement": part})
            policy = iam.create_policy(PolicyName=f"{name}-{number}", PolicyDocument=document)
            iam.attach_user_policy(UserName=name, PolicyArn=policy["Policy"]["Arn"])
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return User(name, key["AccessKeyId"], key["SecretAccessKey"])

    def play(self, playbook: str, user: User, *arguments: str, **more: str) -> Ran:
        """Run a playbook as a user. more: variables of environment."""
        environment = {
            **self.settings,
            **self.aws.environment,
            "AWS_ACCESS_KEY_ID": user.key,
            "AWS_SECRET_ACCESS_KEY": user.secret,
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "KUBECONFIG": "",
            "ANSIBLE_PIPELINING": "true",
            "ANSIBLE_CALLBACKS_ENABLED": "ragops.platform.plan",
            **more,
        }
        argv = [*{**PLAYBOOKS, **CLUSTER, **OWNERS}[playbook], "-i", self.inventory, *arguments]
        return run_playbook(ROOT, *argv, environment=environment, timeout=LONGEST)

    def await_no_lock(self) -> None:
        """Wait until the run before has left: its lock goes a moment after it."""
        deadline = time.monotonic() + PATIENCE
        name = LOCK.format(name=self.name)
        while self.client("ssm").get_parameters(Names=[name])["Parameters"]:
            assert time.monotonic() < deadline, "the run before has left its lock"
            time.sleep(0.2)

    def _asked(self, user: User) -> Iterator[dict[str, Any]]:
        for line in self.decisions.read_text().splitlines():
            question = json.loads(line)
            if question["key"] == user.key:
                yield question

    def questions(self, user: User) -> set[Question]:
        """What IAM was asked for a user."""
        return {
            Question(line["action"], line["resource"], json.dumps(line["keys"], sort_keys=True))
            for line in self._asked(user)
        }

    def denied(self, user: User) -> set[str]:
        """The actions that a user was ever denied."""
        return {line["action"] for line in self._asked(user) if not line["allowed"]}


@dataclass(frozen=True)
class States:
    """Accounts to begin with, by name (states.py). folder: where they and their logs are."""

    folder: Path

    @contextmanager
    def account(self, state: str, keep: str = "") -> Iterator[Account]:
        """Serve a copy of a state until the block ends. keep: the state that it ends as."""
        port = free_port()
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self.folder / state))
            line.sendall(json.dumps({"port": port, "keep": keep}).encode())
            aws = Aws(f"http://localhost:{port}")
            deadline = time.monotonic() + PATIENCE
            while (lacking := not_ready(aws)) is not None:
                assert time.monotonic() < deadline, f"{lacking}\n{self.log()}"
                time.sleep(0.05)
            account = Account(aws, self.folder / "decisions.jsonl", self.folder)
            if state == EMPTY:
                # The one thing that an administrator does before (docs/iam.md).
                document = json.dumps(filled("boundary"))
                account.client("iam").create_policy(PolicyName=BOUNDARY, PolicyDocument=document)
            yield account
            if keep:
                account.await_no_lock()
            line.shutdown(socket.SHUT_WR)
            line.settimeout(PATIENCE)
            assert line.recv(1) == b"", "the account was served no longer"
        if keep:
            self.await_file(keep)

    @property
    def warm(self) -> Path:
        """The socket of warm.py."""
        return self.folder / "warm"

    def await_file(self, name: str) -> None:
        """Wait until a state, or something else, answers."""
        deadline = time.monotonic() + PATIENCE
        while not (self.folder / name).is_socket():
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def log(self) -> str:
        """What the processes said."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*log")))


def parts(wanted: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The statements in lists that fit into a managed policy each."""
    found: list[list[dict[str, Any]]] = [[]]
    for statement in wanted:
        for one in fitting(statement):
            if len(json.dumps([*found[-1], one], separators=(",", ":"))) > MOST_CHARACTERS - 60:
                found.append([])
            found[-1].append(one)
    return found


def fitting(statement: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The statement, divided by its actions if it is too long for one policy."""
    actions = statement["Action"]
    if isinstance(actions, str):
        actions = [actions]
    for start in range(0, len(actions), 100):
        yield {**statement, "Action": actions[start : start + 100]}


@contextmanager
def states(folder: Path) -> Iterator[States]:
    """Keep an empty account, and what becomes of it, until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    programs = {"helm": "v3.20.0+g0", "buildah": "buildah", "session-manager-plugin": "1.2.707.0"}
    for name, says in programs.items():
        write_program(folder / name, f"echo {says}")
    decisions = folder / "decisions.jsonl"
    decisions.touch()
    argv = [str(find_emulator().with_name("python")), str(HERE / "states.py"), str(folder)]
    settings = {
        "PYTHONPATH": f"{ROOT / 'rehearsal/src'}:{ROOT / 'tests'}",
        "AUTH": "true",
        "AWS_DECISIONS": str(decisions),
        "AWS_ACCESS_KEY_ID": ROOT_KEY,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }
    kept = States(folder)
    with beside(argv, folder / "log", **settings):
        kept.await_file(EMPTY)
        with beside([sys.executable, str(HERE / "warm.py"), str(kept.warm)], folder / "warm.log"):
            kept.await_file(kept.warm.name)
            yield kept


@contextmanager
def beside(argv: Sequence[str], log: Path, **settings: str) -> Iterator[None]:
    """Run a program that ends with its standard input, until the block ends."""
    with log.open("wb") as stream:
        process = subprocess.Popen(
            argv,
            cwd=log.parent,
            stdin=subprocess.PIPE,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env={**os.environ, **settings},
        )
    try:
        yield
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=20)


def write_program(path: Path, text: str) -> None:
    """A program of a few words."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
