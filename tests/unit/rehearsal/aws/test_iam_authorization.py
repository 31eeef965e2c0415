"""What the rehearsal's IAM is asked about a call: all that AWS's reference has for its action."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.deciding import ACCOUNT, Account, deciding

from rehearsal.aws.iam import service_roles

OURS = {"Project": "ragops", "Environment": "dev"}
LISTED = [{"Key": key, "Value": value} for key, value in OURS.items()]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with deciding(tmp_path_factory.mktemp("authorization")) as served:
        yield served


def allow(*actions: str, resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def specification(kind: str, tags: list[dict[str, str]] = LISTED) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": tags}]


@pytest.fixture(scope="module")
def network(account: Account) -> dict[str, str]:
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=specification("vpc"))
    vpc_id = vpc["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc_id)["GroupId"]
    table = ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    return {"vpc": vpc_id, "subnet": subnet, "group": group, "table": table, "address": address}


def test_a_nat_gateway_is_asked_about_its_address_and_subnet(
    account: Account, network: dict[str, str]
) -> None:
    key = account.user(allow("*"))
    account.client("ec2", *key).create_nat_gateway(
        SubnetId=network["subnet"],
        AllocationId=network["address"],
        TagSpecifications=specification("natgateway"),
    )
    assert set(account.asked(key[0])) == {
        ("ec2:CreateNatGateway", f"elastic-ip/{network['address']}"),
        ("ec2:CreateNatGateway", "natgateway/*"),
        ("ec2:CreateNatGateway", f"subnet/{network['subnet']}"),
        ("ec2:CreateTags", "natgateway/*"),
    }


def test_an_endpoint_is_asked_about_all_that_it_is_put_into(
    account: Account, network: dict[str, str]
) -> None:
    key = account.user(allow("*"))
    ec2 = account.client("ec2", *key)
    ec2.create_vpc_endpoint(
        VpcId=network["vpc"],
        ServiceName="com.amazonaws.us-east-1.sts",
        VpcEndpointType="Interface",
        SubnetIds=[network["subnet"]],
        SecurityGroupIds=[network["group"]],
    )
    ec2.create_vpc_endpoint(
        VpcId=network["vpc"],
        ServiceName="com.amazonaws.us-east-1.s3",
        RouteTableIds=[network["table"]],
    )
    assert {resource for _, resource in account.asked(key[0])} == {
        *(f"route-table/{network['table']}", f"security-group/{network['group']}"),
        *(f"subnet/{network['subnet']}", f"vpc/{network['vpc']}", "vpc-endpoint/*"),
    }


def test_each_resource_must_be_allowed_and_the_refused_one_is_named(
    account: Account, network: dict[str, str]
) -> None:
    made = f"arn:aws:ec2:us-east-1:{ACCOUNT}:natgateway/*"
    key = account.user(allow("ec2:CreateNatGateway", resource=made))
    with pytest.raises(ClientError, match=r"UnauthorizedOperation.*elastic-ip/eipalloc-"):
        account.client("ec2", *key).create_nat_gateway(
            SubnetId=network["subnet"], AllocationId=network["address"]
        )


def test_a_rule_is_asked_about_its_group_and_not_about_the_other_end(
    account: Account, network: dict[str, str]
) -> None:
    key = account.user(allow("*"))
    other = account.client("ec2").create_security_group(
        GroupName="other", Description="other", VpcId=network["vpc"]
    )["GroupId"]
    permission = {
        "IpProtocol": "tcp",
        "FromPort": 1,
        "ToPort": 1,
        "UserIdGroupPairs": [{"GroupId": other}],
    }
    ec2 = account.client("ec2", *key)
    ec2.authorize_security_group_ingress(GroupId=network["group"], IpPermissions=[permission])
    ec2.revoke_security_group_ingress(GroupId=network["group"], IpPermissions=[permission])
    about = f"security-group/{network['group']}"
    assert account.asked(key[0]) == [
        ("ec2:AuthorizeSecurityGroupIngress", about),
        ("ec2:RevokeSecurityGroupIngress", about),
    ]


def test_conditions_see_the_tags_that_a_resource_really_has(
    account: Account, network: dict[str, str]
) -> None:
    ours = {"StringEquals": {"aws:ResourceTag/Project": "ragops"}}
    key = account.user(allow("ec2:ModifyVpcAttribute", "ec2:DeleteSubnet", Condition=ours))
    ec2 = account.client("ec2", *key)
    ec2.modify_vpc_attribute(VpcId=network["vpc"], EnableDnsHostnames={"Value": True})
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        ec2.delete_subnet(SubnetId=network["subnet"])


@pytest.mark.parametrize("lacking", ["ec2:CreateTags", "ec2:CreateVpc"])
def test_tags_on_creation_are_an_action_of_their_own(account: Account, lacking: str) -> None:
    by = {"StringEquals": {"ec2:CreateAction": "CreateVpc", "aws:RequestTag/Project": "ragops"}}
    both = {
        "ec2:CreateTags": allow("ec2:CreateTags", Condition=by),
        "ec2:CreateVpc": allow("ec2:CreateVpc"),
    }
    asked = {"CidrBlock": "10.9.0.0/16", "TagSpecifications": specification("vpc")}
    account.client("ec2", *account.user(*both.values())).create_vpc(**asked)
    left = account.user(*(each for name, each in both.items() if name != lacking))
    with pytest.raises(ClientError, match=f"not authorized to perform: {lacking} "):
        account.client("ec2", *left).create_vpc(**asked)


def test_a_role_can_be_made_and_changed_within_its_boundary_only(account: Account) -> None:
    iam = account.client("iam")
    nothing = {"Version": "2012-10-17", "Statement": [allow("s3:GetObject")]}
    boundary = iam.create_policy(PolicyName="limit", PolicyDocument=json.dumps(nothing))
    arn = boundary["Policy"]["Arn"]
    within = {"StringEquals": {"iam:PermissionsBoundary": arn}}
    actions = ("iam:CreateRole", "iam:AttachRolePolicy", "iam:PutRolePolicy")
    key = account.user(allow(*actions, Condition=within))
    operator = account.client("iam", *key)
    trust = json.dumps(nothing)
    with pytest.raises(ClientError, match="AccessDenied"):
        operator.create_role(RoleName="free", AssumeRolePolicyDocument=trust)
    operator.create_role(RoleName="bound", AssumeRolePolicyDocument=trust, PermissionsBoundary=arn)
    iam.create_role(RoleName="other", AssumeRolePolicyDocument=trust)
    policy = {"PolicyName": "p", "PolicyDocument": json.dumps(nothing)}
    operator.put_role_policy(RoleName="bound", **policy)
    with pytest.raises(ClientError, match="AccessDenied"):
        operator.put_role_policy(RoleName="other", **policy)
    with pytest.raises(ClientError, match="AccessDenied"):
        operator.delete_role_permissions_boundary(RoleName="bound")


def test_only_listed_policies_are_attached(account: Account) -> None:
    prefix = "arn:aws:iam::aws:policy"
    listed = {"ArnEquals": {"iam:PolicyARN": f"{prefix}/AmazonEKSClusterPolicy"}}
    key = account.user(allow("iam:AttachRolePolicy", Condition=listed))
    account.client("iam").create_role(
        RoleName="cluster",
        AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}',
    )
    operator = account.client("iam", *key)
    operator.attach_role_policy(RoleName="cluster", PolicyArn=f"{prefix}/AmazonEKSClusterPolicy")
    with pytest.raises(ClientError, match="AccessDenied"):
        operator.attach_role_policy(RoleName="cluster", PolicyArn=f"{prefix}/AdministratorAccess")


def test_a_key_is_asked_about_by_its_aliases_and_tags(account: Account) -> None:
    kms = account.client("kms")
    keys = [kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(2)]
    for name, ident in zip(("ours", "theirs"), keys, strict=True):
        kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=ident)
    named = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/ours"}}
    key = account.user(allow("kms:ScheduleKeyDeletion", Condition=named))
    operator = account.client("kms", *key)
    with pytest.raises(ClientError, match="AccessDenied"):
        operator.schedule_key_deletion(KeyId=keys[1])
    operator.schedule_key_deletion(KeyId=keys[0])


def test_a_database_is_asked_about_its_groups_roles_and_key(
    account: Account, network: dict[str, str]
) -> None:
    role = account.client("iam").create_role(
        RoleName="monitoring",
        AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}',
    )["Role"]["Arn"]
    secret = account.client("kms").create_key()["KeyMetadata"]["Arn"]
    key = account.user(allow("*"))
    rds = account.client("rds", *key)
    other = account.client("ec2").create_subnet(
        VpcId=network["vpc"], CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1b"
    )["Subnet"]["SubnetId"]
    rds.create_db_subnet_group(
        DBSubnetGroupName="g", DBSubnetGroupDescription="g", SubnetIds=[network["subnet"], other]
    )
    rds.create_db_instance(
        DBInstanceIdentifier="db",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        EngineVersion="15.18",
        DBSubnetGroupName="g",
        MonitoringInterval=60,
        MonitoringRoleArn=role,
        StorageEncrypted=True,
        KmsKeyId=secret,
        MasterUsername="u",
        MasterUserPassword="not-a-secret-1",
        AllocatedStorage=20,
    )
    rds.delete_db_instance(DBInstanceIdentifier="db", FinalDBSnapshotIdentifier="last")
    asked = set(account.asked(key[0]))
    assert {
        *(("rds:CreateDBInstance", each) for each in ("db:db", "subgrp:g")),
        *(("rds:CreateDBInstance", f"{kind}:default{end}") for kind, end in GROUPS),
        ("iam:PassRole", "role/monitoring"),
        ("kms:CreateGrant", secret.rpartition(":")[2]),
        (
            "iam:CreateServiceLinkedRole",
            "role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS",
        ),
        ("rds:CreateDBSnapshot", "snapshot:last"),
    } <= asked


def test_a_services_own_role_is_asked_for_at_its_first_use(
    account: Account, network: dict[str, str]
) -> None:
    """Also by workloads: the controller of load balancers, and what starts spot instances."""
    key = account.user(allow("elasticloadbalancing:*", "ec2:*"))
    spot = {"TotalTargetCapacity": 1, "DefaultTargetCapacityType": "spot"}
    template = {"LaunchTemplateId": "lt-0123456789abcdef0", "Version": "1"}
    configs = [{"LaunchTemplateSpecification": template}]
    fleet = {"TargetCapacitySpecification": spot, "LaunchTemplateConfigs": configs}
    with pytest.raises(ClientError, match="iam:CreateServiceLinkedRole"):
        account.client("ec2", *key).create_fleet(**fleet)
    balancer = {"Name": "first", "Subnets": [network["subnet"]], "Type": "network"}
    with pytest.raises(ClientError, match="iam:CreateServiceLinkedRole"):
        account.client("elbv2", *key).create_load_balancer(**balancer)
    asked = account.asked(key[0])
    for service in ("elasticloadbalancing", "spot"):
        role = service_roles.ROLES[f"{service}.amazonaws.com"]
        made = f"role/aws-service-role/{service}.amazonaws.com/{role}"
        assert ("iam:CreateServiceLinkedRole", made) in asked
    account.client("elbv2").create_load_balancer(**balancer)
    account.client("elbv2", *key).create_load_balancer(**{**balancer, "Name": "second"})


GROUPS = (("og", ":postgres-15"), ("pg", ".postgres15"))


def test_a_node_group_and_an_instance_are_asked_about_by_their_groups(account: Account) -> None:
    key = account.user(allow("*"))
    with pytest.raises(ClientError):
        account.client("eks", *key).describe_nodegroup(clusterName="one", nodegroupName="main")
    with pytest.raises(ClientError):
        account.client("eks", *key).associate_access_policy(
            clusterName="one",
            principalArn=f"arn:aws:iam::{ACCOUNT}:role/path/admins",
            policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
            accessScope={"type": "cluster"},
        )
    assert account.asked(key[0]) == [
        ("eks:DescribeNodegroup", "nodegroup/one/main/*"),
        ("eks:AssociateAccessPolicy", f"access-entry/one/role/{ACCOUNT}/admins/*"),
    ]


def test_a_bucket_with_tags_and_its_replication_are_asked_about_what_they_need(
    account: Account,
) -> None:
    key = account.user(allow("*"))
    s3 = account.client("s3", *key)
    s3.create_bucket(Bucket="tagged", CreateBucketConfiguration={"Tags": LISTED})
    role = f"arn:aws:iam::{ACCOUNT}:role/replication"
    destination = {"Bucket": "arn:aws:s3:::tagged"}
    with pytest.raises(ClientError):
        s3.put_bucket_replication(
            Bucket="tagged",
            ReplicationConfiguration={
                "Role": role,
                "Rules": [{"Status": "Enabled", "Prefix": "", "Destination": destination}],
            },
        )
    asked = account.asked(key[0])
    assert ("s3:TagResource", "arn:aws:s3:::tagged") in asked
    assert ("iam:PassRole", "role/replication") in asked
