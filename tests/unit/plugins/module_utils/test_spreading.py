"""What AWS took and has yet to spread: which errors are waited out, and which are believed."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils import aws, spreading
from support.stubbed import Script

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
    assert f"repeated for 120 s, because possibly {GROUP} was made just before" in text
    assert failed.value.code == "InvalidGroup.NotFound"


ROLE_OF_EKS = "Role with arn: arn:x:iam::1:role/r, could not be assumed because it does not exist"
ENHANCED = "IAM role ARN value is invalid or does not include the required permissions for: "
SERVICE_LINKED = "Verify that you have permission to create service linked role. Otherwise wait"
NO_LINKED = "Amazon EKS Nodegroups was unable to assume the service-linked role AWSServiceRoleForX"
NO_PRINCIPAL = 'Invalid principal in policy: "AWS":"arn:x:iam::1:role/r"'
VERSIONS = "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
KEY_ARN = "arn:x:kms:us-east-1:1:key/k"
PRIVATE_DNS = (
    "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set "
    "to true for vpc-1"
)
WORDS = [
    ("eks.create_cluster", "InvalidParameterException", ROLE_OF_EKS),
    ("eks.create_cluster", "InvalidParameterException", "Error in role params"),
    (
        *("eks.create_cluster", "InvalidParameterException"),
        "Role could not be assumed because the trusted entity is not correct",
    ),
    (
        *("eks.create_cluster", "InvalidParameterException"),
        "The provided role doesn't have the Amazon EKS Managed Policies associated with it.",
    ),
    (
        *("eks.create_cluster", "InvalidParameterException"),
        "IAM role's policy must include the `ec2:DescribeSubnets` action",
    ),
    ("eks.create_cluster", "InvalidParameterException", "Code: InvalidSubnetID.NotFound"),
    ("eks.create_cluster", "InvalidParameterException", "Code: InvalidGroup.NotFound"),
    ("eks.create_cluster", "InvalidRequestException", NO_LINKED),
    (
        *("eks.create_nodegroup", "InvalidParameterException"),
        "Following required service principals [ec2.amazonaws.com] were not found in the trust "
        "relationships of nodeRole arn:x:iam::1:role/r",
    ),
    (
        "eks.create_nodegroup",
        "InvalidParameterException",
        "The subnet ID 'subnet-1' does not exist",
    ),
    ("eks.create_nodegroup", "InvalidRequestException", NO_LINKED),
    ("eks.create_nodegroup", "InvalidRequestException", "Launch template lt-1 could not be found"),
    ("eks.create_addon", "InvalidParameterException", "Role arn:x:iam::1:role/r does not exist"),
    ("eks.update_addon", "InvalidParameterException", "Role arn:x:iam::1:role/r does not exist"),
    (
        *("eks.create_access_entry", "InvalidParameterException"),
        "The specified principalArn is invalid: invalid principal.",
    ),
    (
        *("eks.create_pod_identity_association", "InvalidParameterException"),
        "Role provided in the request does not exist.",
    ),
    (
        *("eks.update_pod_identity_association", "InvalidParameterException"),
        "Role provided in the request does not exist.",
    ),
    ("ec2.create_flow_logs", "InvalidParameter", "Unable to assume given IAM role"),
    ("ec2.run_instances", "InvalidParameterValue", "Invalid IAM Instance Profile name"),
    (
        *("ec2.run_instances", "InvalidParameterValue"),
        "IAM instance profile 'p' has no associated IAM Roles",
    ),
    ("ec2.run_instances", "InvalidSubnetID.NotFound", "The subnet ID 'subnet-1' does not exist"),
    ("ec2.run_instances", "InvalidGroup.NotFound", "The security group 'sg-1' does not exist"),
    ("ec2.run_instances", "InvalidSecurityGroupID.NotFound", "The id 'sg-1' does not exist"),
    (
        *("iam.add_role_to_instance_profile", "NoSuchEntity"),
        "The role with name r cannot be found.",
    ),
    ("iam.create_role", "MalformedPolicyDocument", NO_PRINCIPAL),
    ("iam.update_assume_role_policy", "MalformedPolicyDocument", NO_PRINCIPAL),
    (
        *("kms.create_key", "MalformedPolicyDocumentException"),
        "Policy contains a statement with one or more invalid principals.",
    ),
    (
        *("kms.put_key_policy", "MalformedPolicyDocumentException"),
        "Policy contains a statement with one or more invalid principals.",
    ),
    *(
        (f"ec2.{action}_vpc_endpoint", "InvalidParameter", PRIVATE_DNS)
        for action in ("create", "modify")
    ),
    *(
        (f"kms.{action}", "KMSInvalidStateException", f"{KEY_ARN} is pending deletion.")
        for action in (
            *("enable_key", "enable_key_rotation", "disable_key_rotation", "put_key_policy"),
            *("update_key_description", "tag_resource"),
        )
    ),
    ("kms.enable_key_rotation", "DisabledException", f"{KEY_ARN} is disabled."),
    ("kms.disable_key_rotation", "DisabledException", f"{KEY_ARN} is disabled."),
    *(
        (f"logs.{action}", code, text)
        for action in ("create_log_group", "associate_kms_key")
        for code, text in (
            ("InvalidParameterException", "The specified KMS Key Id could not be found."),
            (
                "AccessDeniedException",
                "The specified KMS key does not exist or is not allowed to be used with LogGroup",
            ),
        )
    ),
    ("logs.put_retention_policy", "OperationAbortedException", "A conflicting operation is"),
    ("rds.create_db_subnet_group", "InvalidSubnet", "One or more subnet ids are invalid."),
    ("rds.create_db_subnet_group", "InvalidParameterValue", "Missing necessary credentials"),
    ("rds.create_db_instance", "InvalidParameterValue", f"{ENHANCED}ENHANCED_MONITORING"),
    ("rds.create_db_instance", "InvalidParameterValue", SERVICE_LINKED),
    ("rds.create_db_instance", "InvalidParameterValue", "Invalid security group, groupId= sg-1"),
    ("rds.create_db_instance", "InvalidSubnet", "One or more subnet ids are invalid."),
    ("rds.modify_db_instance", "InvalidParameterValue", f"{ENHANCED}ENHANCED_MONITORING"),
    ("rds.modify_db_instance", "InvalidParameterValue", "Invalid security group, groupId= sg-1"),
    ("elasticache.create_cache_subnet_group", "InvalidSubnet", "Some input subnets are invalid."),
    ("elasticache.create_cache_subnet_group", "ServiceLinkedRoleNotFoundFault", "no such role"),
    ("elasticache.create_cache_parameter_group", "ServiceLinkedRoleNotFoundFault", "no such role"),
    (
        *("elasticache.create_replication_group", "InvalidParameterValue"),
        "Some security group ids are invalid",
    ),
    ("elasticache.create_replication_group", "ServiceLinkedRoleNotFoundFault", "no such role"),
    (
        *("route53.change_resource_record_sets", "InvalidChangeBatch"),
        "Tried to create an alias that targets x, but that target was not found",
    ),
    ("s3.put_bucket_replication", "InvalidRequest", VERSIONS),
    (
        *("s3.put_bucket_replication", "InvalidRequest"),
        "Destination bucket must have versioning enabled.",
    ),
    ("s3.put_bucket_replication", "OperationAborted", "A conflicting operation is in progress"),
    ("s3.put_bucket_policy", "MalformedPolicy", "Invalid principal in policy"),
    ("s3.put_bucket_policy", "OperationAborted", "A conflicting operation is in progress"),
    (
        *("secretsmanager.put_resource_policy", "MalformedPolicyDocumentException"),
        "This resource policy contains an unsupported principal.",
    ),
]
"""What AWS says of what another module made just before: (service.operation, code, text).

From AWS's error texts as public issues quote them, and not from the table that is tried: a row
that is taken out of it would take its own test along.
"""


@pytest.mark.parametrize(("call", "code", "text"), WORDS)
def test_what_another_module_made_just_before_is_waited_for(
    call: str, code: str, text: str
) -> None:
    """Each of AWS's own words for "not yet" is taken as such, without any memory."""
    service, operation = call.split(".")
    assert spreading.cause(None, service, operation, {}, (code, text)), "believed at once"
    assert spreading.cause(None, service, operation, {}, ("AccessDenied", text)) is None


def test_a_policy_that_is_refused_for_a_principal_is_told_with_its_principals() -> None:
    """AWS does not say which; a role that is misspelt is seen while it is waited for."""
    role, account = "arn:x:iam::1:role/team/reader", "arn:x:iam::1:root"
    others = {"Principal": {"AWS": [account, role]}}, {"Principal": {"Service": "s3.x"}}
    policy = json.dumps({"Statement": [*others, {"Principal": "*"}]})
    said = ("MalformedPolicyDocumentException", "one or more invalid principals")
    for operation, key in (("create_key", "Policy"), ("put_key_policy", "Policy")):
        told = spreading.cause(None, "kms", operation, {key: policy}, said)
        assert told == f"{spreading.PRINCIPAL} ({role})"
    one = json.dumps({"Statement": {"Principal": {"AWS": role}}})
    asked = {"AssumeRolePolicyDocument": one}
    said = ("MalformedPolicyDocument", NO_PRINCIPAL)
    assert (
        spreading.cause(None, "iam", "create_role", asked, said)
        == f"{spreading.PRINCIPAL} ({role})"
    )


def test_no_other_refusal_is_waited_for() -> None:
    """Every row has words of AWS's, and none takes more than these."""
    for (service, operation), rows in spreading.NOT_YET.items():
        for code, part, _ in rows:
            said = [
                text
                for call, *row in WORDS
                if call == f"{service}.{operation}"
                for its, text in [row]
                if its == code and part in text
            ]
            assert said, f"nobody knows when AWS says this: {service}.{operation} {code} {part}"
            if all(part for its, part, _ in rows if its == code):
                error = code, "a quota is reached"
                assert spreading.cause(None, service, operation, {}, error) is None


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
