"""An IAM role, whoever makes it: lost answers, what others added, what tells whose it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest
from ansible_collections.ragops.platform.plugins.module_utils._network import flow_log
from ansible_collections.ragops.platform.plugins.module_utils._s3 import replication
from ansible_collections.ragops.platform.plugins.module_utils.aws import RETRIES
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Api, Plan
from ansible_collections.ragops.platform.plugins.module_utils.resources import iam_role
from botocore.config import Config
from support.emulator import Aws
from support.lifecycle import TAGS
from support.stubbed import Script

ROLE = """<{0}Response><{0}Result><Role><Path>/</Path><RoleName>n</RoleName><RoleId>AROA</RoleId>
<Arn>arn:aws:iam::1:role/n</Arn></Role></{0}Result></{0}Response>"""
REFUSED = "<ErrorResponse><Error><Code>{0}</Code><Message>no</Message></Error></ErrorResponse>"
NAME = "ragops-test-flow-logs"
OPTIONS = {"name": "ragops-test", "region": "us-east-1", "permissions_boundary": "", "tags": TAGS}
OPEN = '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'


class Iam(ThreadingHTTPServer):
    """Takes every call, and loses the first answer to CreateRole. calls: what it took."""

    calls: list[str]


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        (action,) = parse_qs(body)["Action"]
        there = "CreateRole" in server.calls
        server.calls.append(action)
        if action == "CreateRole" and not there:
            self.connection.close()
        elif action == "CreateRole":
            self._answer(409, REFUSED.format("EntityAlreadyExists"))
        elif action == "GetRole" and not there:
            self._answer(404, REFUSED.format("NoSuchEntity"))
        else:
            self._answer(200, ROLE.format(action))

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def lossy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Iam]:
    """The server; nobody pauses."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
    server = Iam(("127.0.0.1", 0), Handler)
    server.calls = []
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def flow_logs_make_it(api: Api) -> None:
    flow_log.ensure_role(flow_log.Run(api, api, api, Plan(), OPTIONS, account="1"))


def replication_makes_it(api: Api) -> None:
    keys = replication.Keys(None, None)
    buckets = {"arn:aws:s3:::documents": "arn:aws:s3:::documents-us-west-2"}
    allowed = replication.permissions(buckets, keys, ("us-east-1", "us-west-2"))
    iam_role.ensure_present(api, Plan(), replication.role(NAME, allowed, TAGS))


@pytest.mark.parametrize("make", [flow_logs_make_it, replication_makes_it])
def test_a_lost_answer_makes_no_second_role(lossy: Iam, make: Callable[[Api], None]) -> None:
    address = f"http://127.0.0.1:{lossy.server_port}"
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    more = {"endpoint_url": address, "region_name": "us-east-1", **keys}
    make(Api(boto3.client("iam", config=Config(**RETRIES), **more)))
    assert lossy.calls == ["GetRole", "CreateRole", "GetRole", "PutRolePolicy"]


@pytest.mark.parametrize("make", [flow_logs_make_it, replication_makes_it])
def test_what_others_added_to_a_role_is_taken_away(aws: Aws, make: Callable[[Api], None]) -> None:
    """The role may do that, and nothing else."""
    iam = aws.client("iam")
    make(Api(iam))
    iam.put_role_policy(RoleName=NAME, PolicyName="theirs", PolicyDocument=OPEN)
    iam.attach_role_policy(RoleName=NAME, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    make(Api(iam))
    assert len(iam.list_role_policies(RoleName=NAME)["PolicyNames"]) == 1
    assert iam.list_attached_role_policies(RoleName=NAME)["AttachedPolicies"] == []


def test_a_role_goes_with_what_others_added_to_it(aws: Aws) -> None:
    """AWS deletes no role that has a policy."""
    iam = aws.client("iam")
    flow_logs_make_it(Api(iam))
    iam.attach_role_policy(RoleName=NAME, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    plan = Plan()
    iam_role.ensure_absent(Api(iam), plan, NAME, {**TAGS, "Name": NAME})
    assert list(plan.before) == [f"IAM role {NAME}"]
    assert iam.list_roles()["Roles"] == []


def test_a_policy_that_iam_still_lists_after_its_deletion_is_gone() -> None:
    """A removal that was killed in the middle, and is run again at once."""
    script = Script("iam")
    role = {
        **{"Path": "/", "RoleName": NAME, "RoleId": "AROA1234567890123456"},
        **{"Arn": f"arn:aws:iam::000000000000:role/{NAME}", "CreateDate": "2026-01-01"},
        "AssumeRolePolicyDocument": OPEN,
        "Tags": [{"Key": key, "Value": value} for key, value in TAGS.items()],
    }
    script.says("get_role", {"Role": role}).says("list_role_policies", {"PolicyNames": ["gone"]})
    script.refuses("get_role_policy", "NoSuchEntity")
    script.says("list_attached_role_policies", {"AttachedPolicies": []})
    script.says("delete_role", {}, RoleName=NAME)
    with script.played() as api:
        iam_role.ensure_absent(api, Plan(), NAME, TAGS)
