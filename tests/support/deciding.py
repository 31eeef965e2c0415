"""An emulated account in which IAM decides, users of it, and what IAM was asked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from support.checkout import ROOT
from support.emulator import SERVER, Aws, find_emulator, serving

ROOT_KEY, ACCOUNT = "test", "000000000000"
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"}
MOST_CHARACTERS = 6000
"""Of a policy, so that none is longer than AWS takes in a managed one."""


class Account:
    """An account in which IAM decides, and what it was asked."""

    def __init__(self, aws: Aws, decisions: Path) -> None:
        self.aws = aws
        self.decisions = decisions

    def client(self, service: str, key: str = ROOT_KEY, secret: str = ROOT_KEY) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.aws.url,
            region_name="us-east-1",
            aws_access_key_id=key,
            aws_secret_access_key=secret,
        )

    def user(
        self, *statements: dict[str, Any], boundary: dict[str, Any] | None = None
    ) -> tuple[str, str]:
        """The key of a user who may do what the statements allow, within a boundary."""
        iam = self.client("iam")
        name = f"user-{len(iam.list_users()['Users'])}"
        iam.create_user(UserName=name)
        parts: list[list[dict[str, Any]]] = [[]]
        for statement in statements:
            if len(json.dumps([*parts[-1], statement])) > MOST_CHARACTERS and parts[-1]:
                parts.append([])
            parts[-1].append(statement)
        for number, part in enumerate(parts):
            arn = self._policy(f"{name}-{number}", {"Version": "2012-10-17", "Statement": part})
            iam.attach_user_policy(UserName=name, PolicyArn=arn)
        if boundary:
            arn = self._policy(f"{name}-boundary", boundary)
            iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=arn)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    def _policy(self, name: str, document: dict[str, Any]) -> str:
        made = self.client("iam").create_policy(
            PolicyName=name, PolicyDocument=json.dumps(document)
        )
        return str(made["Policy"]["Arn"])

    def asked(self, key: str) -> list[tuple[str, str]]:
        """(action, end of the ARN) of each question about a key."""
        lines = [json.loads(line) for line in self.decisions.read_text().splitlines()]
        return [
            (line["action"], line["resource"].rpartition(f"{ACCOUNT}:")[2])
            for line in lines
            if line["key"] == key
        ]


@contextmanager
def deciding(folder: Path) -> Iterator[Account]:
    """Serve an account until the block ends."""
    decisions = folder / "decisions.jsonl"
    argv = [
        str(find_emulator().with_name("python")),
        str(SERVER),
        str(folder / "requests.jsonl"),
    ]
    settings = {"AUTH": "true", "AWS_ACCESS_KEY_ID": ROOT_KEY, "AWS_DECISIONS": str(decisions)}
    with serving(argv, folder, PYTHONPATH=str(ROOT / "rehearsal/src"), **settings) as aws:
        yield Account(aws, decisions)


def attempt(client: Any, method: str, arguments: Mapping[str, Any]) -> tuple[str, Any]:
    """(what IAM said against a call, its answer): no word when it was not IAM that stopped it."""
    try:
        return "", getattr(client, method)(**arguments)
    except ClientError as error:
        denied = error.response["Error"]["Code"] in DENIED
        return (str(error), {}) if denied else ("", {"error": str(error)})


def refused(client: Any, method: str, arguments: Mapping[str, Any]) -> str:
    """What IAM said against a call; empty when it was not IAM that stopped it."""
    return attempt(client, method, arguments)[0]
