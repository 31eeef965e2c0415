"""An emulated account in which IAM decides, and runs of the playbooks by users of it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from policies import MOST_CHARACTERS, Question
from running import ROOT, Aws, Ran, find_emulator, run_playbook, serving

NAME, ACCOUNT, REGION = "ragops-prod", "000000000000", "us-east-1"
ROOT_KEY = "test"
LAYER = "foundation,data,workload_identity,!images"
GIVEN_UP = {
    "eks_deletion_protection": False,
    "rds_deletion_protection": False,
    "destroy_data": True,
}
PLAYBOOKS: dict[str, list[str]] = {
    "plan": ["playbooks/plan.yml"],
    "site": ["site.yml"],
    "outputs": ["playbooks/outputs.yml"],
    "destroy": ["destroy.yml", "-e", json.dumps({"confirm": "prod", **GIVEN_UP})],
    "sweep": ["playbooks/sweep.yml"],
}
"""What users run, in the order in which one account sees it."""


@dataclass(frozen=True)
class User:
    """Who calls: an access key."""

    key: str
    secret: str


OWNER = User(ROOT_KEY, ROOT_KEY)


@dataclass
class Account:
    """The account. decisions: the log of what IAM was asked; programs: folder to put on PATH."""

    aws: Aws
    decisions: Path
    programs: Path

    def client(self, service: str) -> Any:
        """A client of the account's owner."""
        return boto3.client(
            service,
            endpoint_url=self.aws.url,
            region_name=REGION,
            aws_access_key_id=OWNER.key,
            aws_secret_access_key=OWNER.secret,
        )

    def user(self, name: str, wanted: list[dict[str, Any]]) -> User:
        """Make a user who may do what the statements say, in as many policies as they need."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        for number, part in enumerate(parts(wanted)):
            document = json.dumps({"Version": "2012-10-17", "Statement": part})
            policy = iam.create_policy(PolicyName=f"{name}-{number}", PolicyDocument=document)
            iam.attach_user_policy(UserName=name, PolicyArn=policy["Policy"]["Arn"])
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return User(key["AccessKeyId"], key["SecretAccessKey"])

    def play(self, playbook: str, user: User, *arguments: str, limit: str = LAYER) -> Ran:
        """Run a playbook against the AWS layer, as a user."""
        environment = {
            **self.aws.environment,
            "AWS_ACCESS_KEY_ID": user.key,
            "AWS_SECRET_ACCESS_KEY": user.secret,
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "KUBECONFIG": "",
        }
        argv = [*PLAYBOOKS[playbook], "-i", "inventories/prod", "--limit", limit, *arguments]
        return run_playbook(ROOT, *argv, environment=environment)

    def questions(self, user: User, since: int = 0) -> set[Question]:
        """What IAM was asked for a user, from a line of the log on."""
        lines = [json.loads(line) for line in self.decisions.read_text().splitlines()[since:]]
        return {(line["action"], line["resource"]) for line in lines if line["key"] == user.key}

    def mark(self) -> int:
        """How many lines the log has."""
        return len(self.decisions.read_text().splitlines())


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
    for start in range(0, len(actions), 100):
        yield {**statement, "Action": actions[start : start + 100]}


@contextmanager
def account(folder: Path) -> Iterator[Account]:
    """Serve an empty account until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, says in (("helm", "v3.20.0+g0"), ("buildah", "buildah")):
        program = folder / name
        program.write_text(f"#!/bin/sh\necho {says}\n")
        program.chmod(0o755)
    decisions = folder / "decisions.jsonl"
    decisions.touch()
    world = ROOT / "tests/unit/plugins/aws_world.py"
    argv = [str(find_emulator().with_name("python")), str(world), str(folder / "requests.jsonl")]
    settings = {
        "PYTHONPATH": str(ROOT / "rehearsal/src"),
        "AUTH": "true",
        "AWS_DECISIONS": str(decisions),
        "AWS_ACCESS_KEY_ID": ROOT_KEY,
    }
    with serving(argv, folder, **settings) as aws:
        yield Account(aws, decisions, folder)
