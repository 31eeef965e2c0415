"""aws.create against a server that takes calls and loses its answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from ansible_collections.ragops.platform.plugins.module_utils import aws
from botocore.config import Config

ANSWER = b"<CreateVpcResponse><vpc><vpcId>vpc-1</vpcId></vpc></CreateVpcResponse>"


class Ec2(ThreadingHTTPServer):
    """Takes every call; loses the first answers. taken: how many calls it took."""

    lost: int
    taken: int = 0


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server: Any = self.server
        self.rfile.read(int(self.headers["content-length"]))
        server.taken += 1
        if server.taken <= server.lost:
            self.connection.close()
            return
        self.send_response(200)
        self.send_header("content-length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def ec2(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ec2]:
    """The server; nobody pauses."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
    server = Ec2(("127.0.0.1", 0), Handler)
    server.lost = 0
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def client(server: Ec2) -> Any:
    return boto3.client(
        "ec2",
        endpoint_url=f"http://127.0.0.1:{server.server_port}",
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(**aws.RETRIES),
    )


def create(server: Ec2, find: Any) -> Any:
    return aws.create(client(server), "create_vpc", "vpc x", find, CidrBlock="10.0.0.0/16")


def test_an_answer_is_returned_and_nothing_looked_for(ec2: Ec2) -> None:
    answer = create(ec2, lambda: pytest.fail("looked for it"))
    assert answer["Vpc"]["VpcId"] == "vpc-1"
    assert ec2.taken == 1


def test_what_is_there_is_not_made_twice(ec2: Ec2) -> None:
    ec2.lost = 1
    assert create(ec2, lambda: {"Vpc": {"VpcId": "vpc-there"}})["Vpc"]["VpcId"] == "vpc-there"
    assert ec2.taken == 1


def test_what_is_not_there_is_asked_for_again(ec2: Ec2) -> None:
    ec2.lost = 2
    looked = []
    answer = create(ec2, lambda: looked.append(ec2.taken))
    assert answer["Vpc"]["VpcId"] == "vpc-1"
    assert (ec2.taken, looked) == (3, [1, 2])


def test_it_is_given_up_and_said(ec2: Ec2) -> None:
    ec2.lost = 99
    with pytest.raises(aws.AwsError, match=r"did not accept ec2:CreateVpc for vpc x.*Run again"):
        create(ec2, lambda: None)
    assert ec2.taken == 8


def test_the_client_repeats_other_calls_as_before(ec2: Ec2) -> None:
    ec2.lost = 1
    connection = client(ec2)
    aws.create(connection, "create_vpc", "vpc x", lambda: {}, CidrBlock="10.0.0.0/16")
    ec2.lost = ec2.taken + 1
    assert aws.call(connection, "create_vpc", "vpc y", CidrBlock="10.0.0.0/16")
    assert ec2.taken == 3
