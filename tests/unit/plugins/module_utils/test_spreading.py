"""What AWS took and has yet to spread: which errors are waited out, and which are believed."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils import aws, spreading
from stubbed import Script

GROUP = "sg-0123456789abcdef0"
STRANGE = "sg-0fedcba9876543210"
NO_GROUP = ("InvalidGroup.NotFound",)
INGRESS: dict[str, Any] = {"IpPermissions": []}


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that only sleeping moves."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    passing = lambda seconds: now.__setitem__(0, now[0] + seconds)  # noqa: E731 - a clock
    monkeypatch.setitem(aws.wait_until.__kwdefaults__, "clock", time.monotonic)
    monkeypatch.setitem(aws.wait_until.__kwdefaults__, "sleep", passing)


def script(service: str) -> Script:
    """A script whose client belongs to a module."""
    made = Script(service)
    aws._MEMORIES[made.api.client] = spreading.Memory()
    return made


def new_group(played: Script) -> Script:
    """The script begins with a group that this module makes."""
    return played.says("create_security_group", {"GroupId": GROUP})


def make_group(api: Any) -> None:
    api.write("create_security_group", "group x", GroupName="x", Description="x", VpcId="vpc-1")


def test_a_rule_for_a_group_made_just_before_is_sent_until_it_is_known() -> None:
    """InvalidGroup.NotFound of a young group means: not yet."""
    played = new_group(script("ec2"))
    for _ in range(3):
        played.refuses("authorize_security_group_ingress", "InvalidGroup.NotFound")
    played.says("authorize_security_group_ingress", {"Return": True})
    with played.played() as api:
        make_group(api)
        api.write("authorize_security_group_ingress", "group x", GroupId=GROUP, **INGRESS)


@pytest.mark.parametrize("code", ["InvalidGroup.NotFound", "InvalidPermission.NotFound"])
def test_open_egress_of_a_young_group_is_revoked_and_not_taken_for_gone(code: str) -> None:
    """What `missing` takes for done is not done where this module made the group."""
    played = new_group(script("ec2")).refuses("revoke_security_group_egress", code)
    played.says("revoke_security_group_egress", {"Return": True})
    with played.played() as api:
        make_group(api)
        missing = ("InvalidPermission.NotFound", "InvalidGroup.NotFound")
        done = api.write("revoke_security_group_egress", "group x", missing, GroupId=GROUP)
    assert done["Return"]


def test_a_group_of_others_is_believed_to_be_gone_at_once() -> None:
    """Not ours, not young: one call, and its error or `missing` counts."""
    played = new_group(script("ec2")).refuses("delete_security_group", "InvalidGroup.NotFound")
    played.refuses("authorize_security_group_ingress", "InvalidGroup.NotFound")
    with played.played() as api:
        make_group(api)
        assert (
            api.write("delete_security_group", "y", ("InvalidGroup.NotFound",), GroupId=STRANGE)
            == {}
        )
        with pytest.raises(aws.AwsError, match=r"InvalidGroup\.NotFound"):
            api.write("authorize_security_group_ingress", "y", GroupId=STRANGE, **INGRESS)


def test_what_this_module_deleted_is_gone_at_once() -> None:
    """A deletion ends youth."""
    played = new_group(script("ec2")).says("delete_security_group", {})
    played.refuses("describe_security_groups", "InvalidGroup.NotFound")
    with played.played() as api:
        make_group(api)
        api.write("delete_security_group", "x", GroupId=GROUP)
        assert (
            api.read("describe_security_groups", "x", ("InvalidGroup.NotFound",), GroupIds=[GROUP])
            == {}
        )


def test_the_time_out_names_what_was_waited_for() -> None:
    """The last error, for how long, and why it was asked again."""
    played = new_group(script("ec2"))
    for _ in range(40):
        played.refuses("authorize_security_group_ingress", "InvalidGroup.NotFound", "no such group")

    def send() -> None:
        with played.played() as api:
            make_group(api)
            api.write("authorize_security_group_ingress", "group x", GroupId=GROUP, **INGRESS)

    with pytest.raises(aws.AwsError) as failed:
        send()
    text = str(failed.value)
    assert "ec2:AuthorizeSecurityGroupIngress failed for group x" in text, text
    assert f"asked again for 120 s, since it may be that {GROUP} was made just before" in text
    assert failed.value.code == "InvalidGroup.NotFound"


REFUSALS = [
    (service, operation, code, f"{part} or so", arguments)
    for (service, operation), known in spreading.NOT_YET.items()
    for code, part, _ in known
    for arguments in [{}]
]


@pytest.mark.parametrize(
    ("service", "operation", "code", "text"),
    [row[:4] for row in REFUSALS],
    ids=[f"{row[1]}-{row[3][:30]}" for row in REFUSALS],
)
def test_what_another_module_made_just_before_is_waited_for(
    service: str, operation: str, code: str, text: str
) -> None:
    """Each of AWS's own words for "not yet" is taken as such, without any memory."""
    error = code, text
    assert spreading.cause(None, service, operation, {}, error)
    assert spreading.cause(None, service, operation, {}, (code, "a quota is reached")) is None or (
        part_is_empty(service, operation, code)
    )
    assert spreading.cause(None, service, operation, {}, ("AccessDenied", text)) is None


def part_is_empty(service: str, operation: str, code: str) -> bool:
    known = spreading.NOT_YET[service, operation]
    return any(each[0] == code and not each[1] for each in known)


def test_missing_permission_for_a_service_linked_role_is_said_at_once() -> None:
    """Nobody waits two minutes for a right that he lacks."""
    text = "Failed to create service linked role due to missing permissions"
    error = ("InvalidRequestException", text)
    assert spreading.cause(None, "eks", "create_nodegroup", {}, error) is None


def test_operations_of_the_table_are_the_clients_own() -> None:
    """A misspelt operation would never be waited for."""
    for service, operation in spreading.NOT_YET:
        assert hasattr(Script(service).api.client, operation), (service, operation)
    for operation, _ in spreading._READ_BY.values():
        clients = ("ec2", "kms", "s3", "elasticache", "eks", "rds", "iam", "ecr", "secretsmanager")
        assert any(hasattr(Script(each).api.client, operation) for each in clients), operation


def test_a_part_that_a_young_thing_has_not_is_believed() -> None:
    """A new role has no such policy: AWS says so of the policy, not of the role."""
    memory = spreading.Memory()
    asked = {"RoleName": "ragops-x", "PolicyName": "replicate"}
    memory.note("iam", "create_role", {"RoleName": "ragops-x"}, {"Role": {"RoleName": "ragops-x"}})
    said = "The role policy with name replicate cannot be found."
    assert spreading.cause(memory, "iam", "get_role_policy", asked, ("NoSuchEntity", said)) is None
    said = "The role with name ragops-x cannot be found."
    assert spreading.cause(memory, "iam", "get_role_policy", asked, ("NoSuchEntity", said))


def test_the_same_name_in_another_service_or_kind_is_not_young() -> None:
    """ragops-dev is a subnet group, and no database yet."""
    memory = spreading.Memory()
    memory.note("rds", "create_db_subnet_group", {"DBSubnetGroupName": "ragops-dev"}, {})
    said = ("DBInstanceNotFound", "DBInstance ragops-dev not found.")
    asked = {"DBInstanceIdentifier": "ragops-dev"}
    assert spreading.cause(memory, "rds", "describe_db_instances", asked, said) is None
    said = ("DBSubnetGroupNotFoundFault", "DB subnet group 'ragops-dev' does not exist.")
    asked = {"DBSubnetGroupName": "ragops-dev"}
    assert spreading.cause(memory, "rds", "describe_db_subnet_groups", asked, said)


def test_an_alias_is_known_by_the_parameter_of_a_key() -> None:
    """CreateAlias calls it AliasName, DescribeKey KeyId."""
    memory = spreading.Memory()
    memory.note("kms", "create_alias", {"AliasName": "alias/x", "TargetKeyId": "k"}, {})
    said = ("NotFoundException", "Alias arn:aws:kms:::alias/x is not found.")
    assert spreading.cause(memory, "kms", "describe_key", {"KeyId": "alias/x"}, said)


def test_only_what_no_call_has_named_is_asked_for_at_the_end() -> None:
    """A group that took its rules is known; one without rules is read once."""
    memory = spreading.Memory()
    for group in (GROUP, STRANGE):
        memory.note("ec2", "create_security_group", {"GroupName": "x"}, {"GroupId": group})
    memory.note("ec2", "authorize_security_group_ingress", {"GroupId": GROUP}, {})
    assert list(memory.unseen("ec2")) == [("describe_security_groups", {"GroupIds": [STRANGE]})]
    memory.note("ec2", "describe_security_groups", {"GroupIds": [STRANGE]}, {})
    assert list(memory.unseen("ec2")) == []
