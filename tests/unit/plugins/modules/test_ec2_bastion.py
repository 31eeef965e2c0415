"""A bastion: closed from the start, repaired or replaced, removed; waits and failures of EC2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._bastion import ensure
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Api, Plan
from botocore.stub import Stubber
from support.emulator import Aws
from support.lifecycle import TAGS, Life, World

NAME = "ragops-test-bastion"
INSTANCE, PROFILE = f"instance {NAME}", f"instance profile {NAME}"


@pytest.fixture
def life(world: World) -> Life:
    """A bastion in a private subnet, with a role and a key."""
    ec2, iam, kms = (world.aws.client(service) for service in ("ec2", "iam", "kms"))
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{number}.0/24")["Subnet"]["SubnetId"]
        for number in range(2)
    ]
    group = ec2.create_security_group(GroupName="bastion", Description="b", VpcId=vpc)["GroupId"]
    iam.create_role(RoleName=NAME, AssumeRolePolicyDocument='{"Statement": []}')
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/ragops-test", TargetKeyId=key)
    options = {
        "name": NAME,
        "role": NAME,
        "subnet_ids": subnets,
        "security_group_id": group,
        "kms_key_id": "alias/ragops-test",
        "tags": {**TAGS, "Component": "bastion"},
        "wait_timeout": 10,
    }
    return Life(world, "ec2_bastion", options)


def living(aws: Aws) -> list[dict[str, Any]]:
    states = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopped"]}]
    found = aws.client("ec2").describe_instances(Filters=states)["Reservations"]
    return [item for reservation in found for item in reservation["Instances"]]


def test_a_bastion_is_closed_from_the_start(life: Life) -> None:
    done = life.settles()
    (found,) = living(life.world.aws)
    assert found["InstanceId"] == done["instance_id"]
    assert found["SubnetId"] == life.options["subnet_ids"][0]
    assert "KeyName" not in found
    assert "PublicIpAddress" not in found
    assert found["MetadataOptions"]["HttpTokens"] == "required"
    assert found["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    assert found["IamInstanceProfile"]["Arn"].endswith(f"instance-profile/{NAME}")
    assert [g["GroupId"] for g in found["SecurityGroups"]] == [life.options["security_group_id"]]
    (volume,) = life.world.aws.client("ec2").describe_volumes()["Volumes"]
    assert (volume["VolumeType"], volume["Encrypted"], volume["Size"]) == ("gp3", True, 8)
    assert volume["KmsKeyId"].startswith("arn:aws:kms:")


def test_it_is_removed_with_its_profile(life: Life) -> None:
    life.settles()
    life.settles("absent")
    assert living(life.world.aws) == []
    profiles = life.world.aws.client("iam").list_instance_profiles()["InstanceProfiles"]
    assert profiles == []


def loosen_metadata(aws: Aws) -> None:
    aws.client("ec2").modify_instance_metadata_options(
        InstanceId=living(aws)[0]["InstanceId"], HttpTokens="optional", HttpPutResponseHopLimit=2
    )


def change_group(aws: Aws) -> None:
    found = living(aws)[0]
    ec2 = aws.client("ec2")
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [found["VpcId"]]}])[
        "SecurityGroups"
    ]
    (default,) = [group["GroupId"] for group in groups if group["GroupName"] == "default"]
    ec2.modify_instance_attribute(InstanceId=found["InstanceId"], Groups=[default])


def stop(aws: Aws) -> None:
    aws.client("ec2").stop_instances(InstanceIds=[living(aws)[0]["InstanceId"]])


def untag(aws: Aws) -> None:
    aws.client("ec2").delete_tags(
        Resources=[living(aws)[0]["InstanceId"]], Tags=[{"Key": "Component"}]
    )


def terminate(aws: Aws) -> None:
    aws.client("ec2").terminate_instances(InstanceIds=[living(aws)[0]["InstanceId"]])


def take_the_role(aws: Aws) -> None:
    aws.client("iam").remove_role_from_instance_profile(InstanceProfileName=NAME, RoleName=NAME)


def change_the_role(aws: Aws) -> None:
    take_the_role(aws)
    iam = aws.client("iam")
    iam.create_role(RoleName="admin", AssumeRolePolicyDocument='{"Statement": []}')
    iam.add_role_to_instance_profile(InstanceProfileName=NAME, RoleName="admin")


def untag_the_profile(aws: Aws) -> None:
    aws.client("iam").untag_instance_profile(InstanceProfileName=NAME, TagKeys=["Component"])


DRIFTS: list[tuple[Callable[[Aws], None], str, list[str]]] = [
    (loosen_metadata, INSTANCE, ["ec2:ModifyInstanceMetadataOptions"]),
    (change_group, INSTANCE, ["ec2:ModifyInstanceAttribute"]),
    (stop, INSTANCE, ["ec2:StartInstances"]),
    (untag, INSTANCE, ["ec2:CreateTags"]),
    (terminate, INSTANCE, ["ec2:RunInstances"]),
    (take_the_role, PROFILE, ["iam:AddRoleToInstanceProfile"]),
    (
        change_the_role,
        PROFILE,
        ["iam:RemoveRoleFromInstanceProfile", "iam:AddRoleToInstanceProfile"],
    ),
    (untag_the_profile, PROFILE, ["iam:TagInstanceProfile"]),
]


def test_each_drift_is_planned_by_name_and_repaired(life: Life) -> None:
    life.settles()
    for drift, label, calls in DRIFTS:
        drift(life.world.aws)
        quiet = len(life.world.mutations())
        done = life.settles()
        assert list(done["diff"]["after"]) == [label], drift.__name__
        assert life.world.mutations()[quiet:] == calls, drift.__name__
        assert len(living(life.world.aws)) == 1


def test_what_cannot_be_changed_replaces_it(life: Life) -> None:
    first = life.settles()["instance_id"]
    for change in ({"instance_type": "t3.small"}, {"disk_size": 10}, {"subnet_ids": []}):
        life.options |= change
        if not life.options["subnet_ids"]:
            life.options["subnet_ids"] = [living_subnet_other(life)]
        second = life.settles()["instance_id"]
        assert second != first
        assert [item["InstanceId"] for item in living(life.world.aws)] == [second]
        first = second


def living_subnet_other(life: Life) -> str:
    """A subnet of the VPC in which the bastion is not."""
    here = living(life.world.aws)[0]
    found = life.world.aws.client("ec2").describe_subnets(
        Filters=[{"Name": "vpc-id", "Values": [here["VpcId"]]}]
    )["Subnets"]
    return str(next(item["SubnetId"] for item in found if item["SubnetId"] != here["SubnetId"]))


def test_of_two_one_stays(life: Life) -> None:
    """A run was killed between a launch and its answer, and started again."""
    first = life.settles()["instance_id"]
    twin = living(life.world.aws)[0]
    ec2 = life.world.aws.client("ec2")
    other = ec2.run_instances(
        ImageId=twin["ImageId"], InstanceType="t3.micro", MinCount=1, MaxCount=1
    )["Instances"][0]["InstanceId"]
    ec2.create_tags(Resources=[other], Tags=twin["Tags"])
    life.world.run(life.module, life.options)
    assert [item["InstanceId"] for item in living(life.world.aws)] == [first]
    life.rests()


def test_a_plan_on_an_empty_account_names_all_of_it(life: Life) -> None:
    unknown = "(known after creation)"
    options = {**life.options, "subnet_ids": [unknown], "security_group_id": unknown}
    foreseen = life.world.run(life.module, options, check=True)
    assert set(foreseen["diff"]["after"]) == {INSTANCE, PROFILE}
    assert foreseen["instance_id"] == unknown


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"image_parameter": "/aws/service/none"}, "no SSM parameter /aws/service/none"),
        ({"tags": {"Project": "ragops"}}, "tags lacks Environment"),
    ],
)
def test_bad_input_is_refused(life: Life, options: dict[str, Any], says: str) -> None:
    quiet = life.world.mutations()
    wanted = {**life.options, **options}
    assert says in life.world.run(life.module, wanted, fails=True)["msg"]
    assert life.world.mutations() == quiet


def test_anothers_profile_is_left_alone(life: Life) -> None:
    tags = [{"Key": "Project", "Value": "theirs"}]
    life.world.aws.client("iam").create_instance_profile(InstanceProfileName=NAME, Tags=tags)
    for state in ("present", "absent"):
        options = {**life.options, "state": state}
        assert "Project=theirs" in life.world.run(life.module, options, fails=True)["msg"]


def test_a_key_behind_our_alias_that_is_somebody_elses_is_not_used(life: Life) -> None:
    kms, alias = life.world.aws.client("kms"), "alias/ragops-test"
    key = kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"]
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "Project", "TagValue": "theirs"}])
    quiet = life.world.mutations()
    message = life.world.run(life.module, life.options, fails=True)["msg"]
    assert f"kms key {alias} belongs to somebody else" in message
    assert life.world.mutations() == quiet


def stubbed(aws: Aws) -> tuple[ensure.Run, Stubber]:
    ec2 = aws.client("ec2")
    options = {
        "name": NAME,
        "image_id": "ami-1",
        "instance_type": "t3.micro",
        "disk_size": 8,
        "kms_key_arn": None,
        "profile": NAME,
        "subnet_ids": ["subnet-1"],
        "security_group_id": "sg-1",
        "wait_timeout": 5,
    }
    return ensure.Run(Api(ec2), Plan(), options, {"Name": NAME}), Stubber(ec2)


def told(state: str, **more: Any) -> dict[str, Any]:
    one = {"InstanceId": "i-1", "State": {"Name": state}, **more}
    return {"Reservations": [{"Instances": [one]}]}


def test_a_young_profile_and_a_slow_start_are_awaited(aws: Aws) -> None:
    run, stub = stubbed(aws)
    stub.add_response("describe_instances", {"Reservations": []})
    text = (
        "Value (x) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile"
    )
    stub.add_client_error("run_instances", "InvalidParameterValue", text)
    stub.add_response("run_instances", {"Instances": [{"InstanceId": "i-1"}]})
    stub.add_response("describe_instances", told("pending"))
    stub.add_response("describe_instances", told("running"))
    with stub:
        assert ensure.ensure_present(run) == "i-1"


def test_an_instance_that_ends_at_once_is_told_with_its_cause(aws: Aws) -> None:
    run, stub = stubbed(aws)
    reason = {"Message": "Client.InvalidKMSKey.InvalidState"}
    stub.add_response("describe_instances", {"Reservations": []})
    stub.add_response("run_instances", {"Instances": [{"InstanceId": "i-1"}]})
    stub.add_response("describe_instances", told("terminated", StateReason=reason))
    with stub, pytest.raises(AwsError, match=r"terminated immediately: Client\.InvalidKMSKey"):
        ensure.ensure_present(run)


def test_another_refusal_is_not_waited_for(aws: Aws) -> None:
    run, stub = stubbed(aws)
    stub.add_response("describe_instances", {"Reservations": []})
    stub.add_client_error("run_instances", "VcpuLimitExceeded", "You have requested more")
    with stub, pytest.raises(AwsError, match="VcpuLimitExceeded"):
        ensure.ensure_present(run)
