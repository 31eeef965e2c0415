"""An account that lets what it made be seen late, and tells of changes as it was before."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from rehearsal.aws.spread.application import Settings, Spread

FORM = "application/x-www-form-urlencoded; charset=utf-8"
VPC = "vpc-0123456789abcdef0"
GROUP = "sg-0123456789abcdef0"


class Account:
    """Answers each action with the text that stands under its name. taken: what reached it."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.taken: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"].decode()
        headers = dict(scope["headers"])
        action = headers.get(b"x-amz-target", b"").decode().rpartition(".")[2]
        action = action or next((p[7:] for p in body.split("&") if p.startswith("Action=")), "")
        action = action or f"{scope['method']} {scope['path']}"
        self.taken.append(action)
        text = self.answers.get(action, "<x/>").encode()
        # As ministack writes it.
        length = (b"Content-Length", str(len(text)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": text})


class Asker:
    """Asks an account that spreads its changes. now: its clock."""

    def __init__(self, account: Account, reads: int = 2, seconds: float = 60) -> None:
        self.now = 0.0
        self.spread = Spread(account, Settings(reads, seconds), lambda: self.now)

    def send(
        self, service: str, body: bytes, kind: str, target: str = "", **more: str
    ) -> tuple[int, str]:
        """(status, body) of one request."""
        scope = {
            "type": "http",
            "method": more.get("method", "POST"),
            "path": more.get("path", "/"),
            "query_string": more.get("query", "").encode(),
            "headers": [
                (b"content-type", kind.encode()),
                (b"authorization", f"AWS4 Credential=k/20260101/r/{service}/aws4_request".encode()),
                *([(b"x-amz-target", target.encode())] if target else []),
            ],
        }
        got: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body}

        async def keep(message: dict[str, Any]) -> None:
            got.append(message)

        asyncio.run(self.spread(scope, receive, keep))
        lengths = [value for name, value in got[0]["headers"] if name.lower() == b"content-length"]
        text = b"".join(message.get("body", b"") for message in got[1:])
        assert lengths == [str(len(text)).encode()]
        return got[0]["status"], text.decode()

    def query(self, service: str, action: str, **parameters: str) -> tuple[int, str]:
        """One call of the query protocol."""
        return self.send(service, urlencode({"Action": action, **parameters}).encode(), FORM)

    def json(self, service: str, action: str, **parameters: Any) -> tuple[int, str]:
        """One call of the JSON protocol."""
        kind = "application/x-amz-json-1.1"
        return self.send(service, json.dumps(parameters).encode(), kind, f"x.{action}")


def vpcs(*ids: str) -> str:
    items = "".join(f"<item><vpcId>{each}</vpcId></item>" for each in ids)
    return (
        f'<DescribeVpcsResponse xmlns="http://x/"><vpcSet>{items}</vpcSet></DescribeVpcsResponse>'
    )


@pytest.fixture
def account() -> Account:
    return Account(
        CreateVpc=f"<r><vpcId>{VPC}</vpcId></r>",
        DescribeVpcs=vpcs(VPC),
        CreateSubnet="<r/>",
        CreateSecret="{}",
        ListSecrets='{"SecretList": [{"Name": "a/x"}]}',
        DescribeSecret='{"Name": "a/x", "ARN": "arn:x"}',
        DescribeLogGroups='{"logGroups": [{"logGroupName": "/a"}, {"logGroupName": "/b"}]}',
    )


def test_a_new_id_is_unknown_to_reads_and_to_writes_that_name_it(account: Account) -> None:
    """Two calls do not see it, the third does; refusals do not reach the account."""
    asker = Asker(account)
    asker.query("ec2", "CreateVpc", CidrBlock="10.0.0.0/16")
    status, text = asker.query("ec2", "DescribeVpcs", **{"VpcId.1": VPC})
    assert status == 400
    assert "InvalidVpcID.NotFound" in text
    assert "<Response><Errors>" in text
    status, text = asker.query("ec2", "CreateSubnet", VpcId=VPC)
    assert (status, account.taken) == (400, ["CreateVpc"])
    assert asker.query("ec2", "CreateSubnet", VpcId=VPC)[0] == 200


def test_a_list_leaves_a_new_id_out(account: Account) -> None:
    """Filtered or not, it is not among them yet."""
    asker = Asker(account)
    asker.query("ec2", "CreateVpc")
    shown = [asker.query("ec2", "DescribeVpcs")[1] for _ in range(3)]
    assert [VPC in text for text in shown] == [False, False, True]


def test_the_default_group_of_a_new_vpc_is_new_too(account: Account) -> None:
    """AWS made it with the VPC, and no call named it before."""
    item = (
        f"<item><groupId>{GROUP}</groupId><groupName>default</groupName><vpcId>{VPC}</vpcId></item>"
    )
    account.answers["DescribeSecurityGroups"] = (
        f"<r><securityGroupInfo>{item}</securityGroupInfo></r>"
    )
    asker = Asker(account)
    asker.query("ec2", "CreateVpc")
    shown = [asker.query("ec2", "DescribeSecurityGroups")[1] for _ in range(3)]
    assert [GROUP in text for text in shown] == [False, False, True]


def test_all_is_seen_when_the_time_is_over(account: Account) -> None:
    """However few have asked."""
    asker = Asker(account, seconds=5)
    asker.query("ec2", "CreateVpc")
    asker.now = 6
    assert asker.query("ec2", "DescribeVpcs", **{"VpcId.1": VPC})[0] == 200


def test_a_change_is_told_as_it_was_before(account: Account) -> None:
    """To who had asked before it, for two calls."""
    asker = Asker(account)
    known = {"AttributeName": "x", "VpcId": VPC}
    account.answers["DescribeVpcAttribute"] = "<r>false</r>"
    assert asker.query("ec2", "DescribeVpcAttribute", **known)[1] == "<r>false</r>"
    asker.query("ec2", "ModifyVpcAttribute", VpcId=VPC)
    account.answers["DescribeVpcAttribute"] = "<r>true</r>"
    told = [asker.query("ec2", "DescribeVpcAttribute", **known)[1] for _ in range(3)]
    assert told == ["<r>false</r>", "<r>false</r>", "<r>true</r>"]


def test_what_is_told_late_is_the_answer_to_the_same_question(account: Account) -> None:
    """All questions about a key have one body, and the question stands in a header."""
    asker = Asker(account)
    account.answers |= {"DescribeKey": '{"KeyMetadata": {}}', "ListResourceTags": '{"Tags": []}'}
    asked = {"KeyId": "key-1"}
    assert asker.json("kms", "DescribeKey", **asked)[1] == account.answers["DescribeKey"]
    asker.json("kms", "UpdateKeyDescription", **asked, Description="x")
    told = asker.json("kms", "ListResourceTags", **asked)[1]
    assert told == account.answers["ListResourceTags"]


@pytest.mark.parametrize(
    ("service", "action", "parameters", "role", "said"),
    [
        (
            "ec2",
            "CreateFlowLogs",
            {"DeliverLogsPermissionArn": "arn:aws:iam::1:role/r"},
            "r",
            "Unable to assume given IAM role",
        ),
        (
            "rds",
            "ModifyDBInstance",
            {"MonitoringRoleArn": "arn:aws:iam::1:role/r"},
            "r",
            "ENHANCED_MONITORING",
        ),
    ],
)
def test_a_new_role_can_not_be_used_at_once(
    account: Account, service: str, action: str, parameters: dict[str, str], role: str, said: str
) -> None:
    """Though IAM knows it."""
    asker = Asker(account)
    asker.query("iam", "CreateRole", RoleName=role)
    answers = [asker.query(service, action, **parameters) for _ in range(3)]
    assert [status for status, _ in answers] == [400, 400, 200]
    assert said in answers[0][1]


def test_a_key_is_enabled_and_can_be_used_later_than_kms_says_so(account: Account) -> None:
    """CloudWatch Logs does not know a new key yet, and rotation finds an enabled one disabled."""
    asker, arn = Asker(account), "arn:aws:kms:us-east-1:1:key/k-1"
    account.answers["CreateKey"] = json.dumps({"KeyMetadata": {"KeyId": "k-1", "Arn": arn}})
    asker.json("kms", "CreateKey")
    asked = {"logGroupName": "x", "kmsKeyId": arn}
    answers = [asker.json("logs", "CreateLogGroup", **asked) for _ in range(3)]
    assert [status for status, _ in answers] == [400, 400, 200]
    assert "is not allowed to be used with LogGroup" in answers[0][1]
    for change, needed, said in (
        ("CancelKeyDeletion", "EnableKey", "pending deletion"),
        ("EnableKey", "EnableKeyRotation", "is disabled"),
    ):
        asker.now += 100
        assert asker.json("kms", change, KeyId="k-1")[0] == 200
        answers = [asker.json("kms", needed, KeyId="k-1") for _ in range(3)]
        assert [status for status, _ in answers] == [400, 400, 200]
        assert said in answers[0][1]


def test_a_services_own_role_is_made_by_the_first_call_that_needs_it(account: Account) -> None:
    """Of a new account; later ones find it."""
    asker = Asker(account, reads=1)
    status, text = asker.query("elasticache", "CreateCacheSubnetGroup", CacheSubnetGroupName="x")
    assert status == 400
    assert "ServiceLinkedRoleNotFoundFault" in text
    for name in ("x", "y"):
        made = asker.query("elasticache", "CreateCacheSubnetGroup", CacheSubnetGroupName=name)
        assert made[0] == 200


def test_the_list_of_secrets_is_minutes_behind_and_their_description_is_not(
    account: Account,
) -> None:
    """As its documentation says: of what was made and of what was removed."""
    asker = Asker(account, reads=1)
    asker.json("secretsmanager", "CreateSecret", Name="a/x")
    assert asker.json("secretsmanager", "DescribeSecret", SecretId="a/x")[0] == 400
    assert asker.json("secretsmanager", "DescribeSecret", SecretId="a/x")[0] == 200
    assert "a/x" not in asker.json("secretsmanager", "ListSecrets")[1]
    asker.now = 301
    assert "a/x" in asker.json("secretsmanager", "ListSecrets", MaxResults=9)[1]
    asker.json("secretsmanager", "DeleteSecret", SecretId="a/x")
    account.answers["ListSecrets"] = '{"SecretList": []}'
    assert "a/x" in asker.json("secretsmanager", "ListSecrets", MaxResults=8)[1]
    asker.now = 700
    assert "a/x" not in asker.json("secretsmanager", "ListSecrets", MaxResults=7)[1]


def test_json_lists_leave_new_names_out(account: Account) -> None:
    """The others stay."""
    asker = Asker(account, reads=1)
    asker.json("logs", "CreateLogGroup", logGroupName="/a")
    assert asker.json("logs", "DescribeLogGroups")[1] == '{"logGroups": [{"logGroupName": "/b"}]}'
    assert "/a" in asker.json("logs", "DescribeLogGroups")[1]


def test_versioning_is_not_seen_at_once_by_replication(account: Account) -> None:
    """Of the bucket itself, and of the one that it is replicated to."""
    asker = Asker(account, reads=1)
    for bucket in ("a", "b"):
        asker.send("s3", b"<V/>", "", method="PUT", path=f"/{bucket}", query="versioning")
    body = b"<R><Bucket>arn:aws:s3:::b</Bucket></R>"
    answers = [
        asker.send("s3", body, "", method="PUT", path="/a", query="replication") for _ in range(3)
    ]
    assert "Versioning must be" in answers[0][1]
    assert "Destination bucket must have versioning" in answers[1][1]
    assert answers[2][0] == 200


def test_without_the_setting_nothing_is_touched(account: Account) -> None:
    """No call is refused, no answer is kept."""
    asker = Asker(account, reads=0)
    asker.query("ec2", "CreateVpc")
    assert asker.query("ec2", "DescribeVpcs", **{"VpcId.1": VPC}) == (200, vpcs(VPC))
