"""platform_sweep against an emulated AWS in which something of everything is left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aws_lifecycle import World
from module_process import examples, play
from running import Aws

ACCOUNT = "000000000000"


def tag_list(environment: str) -> list[dict[str, str]]:
    return [{"Key": "Project", "Value": "ragops"}, {"Key": "Environment", "Value": environment}]


def leave_network(aws: Aws, environment: str) -> set[tuple[str, str]]:
    """Leave one of each kind of EC2 resource; returns (type, id) of each."""
    ec2 = aws.client("ec2")

    def tagged(kind: str, tags: list[dict[str, str]] | None = None) -> list[dict[str, Any]]:
        return [{"ResourceType": kind, "Tags": tags or tag_list(environment)}]

    name = f"ragops-{environment}"
    owned = [{"Key": f"kubernetes.io/cluster/{name}", "Value": "owned"}]
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16", TagSpecifications=tagged("vpc"))["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(
        VpcId=vpc, CidrBlock="10.20.0.0/20", TagSpecifications=tagged("subnet")
    )["Subnet"]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=tagged("elastic-ip"))
    nat = ec2.create_nat_gateway(
        SubnetId=subnet,
        AllocationId=address["AllocationId"],
        TagSpecifications=tagged("natgateway"),
    )["NatGateway"]["NatGatewayId"]
    # What the cluster's controllers leave carries their tags only; an interface may have none.
    group = ec2.create_security_group(
        GroupName=f"k8s-traffic-{name}",
        Description="made by the load balancer controller",
        VpcId=vpc,
        TagSpecifications=tagged(
            "security-group", [{"Key": "elbv2.k8s.aws/cluster", "Value": name}]
        ),
    )["GroupId"]
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]
    volume = ec2.create_volume(
        AvailabilityZone="us-east-1a", Size=1, TagSpecifications=tagged("volume", owned)
    )["VolumeId"]
    snapshot = ec2.create_snapshot(VolumeId=volume, TagSpecifications=tagged("snapshot", owned))
    template = ec2.create_launch_template(
        LaunchTemplateName=f"{name}-main",
        LaunchTemplateData={"InstanceType": "t3.medium"},
        TagSpecifications=tagged("launch-template"),
    )["LaunchTemplate"]["LaunchTemplateName"]
    (instance,) = ec2.run_instances(
        ImageId="ami-1", MinCount=1, MaxCount=1, TagSpecifications=tagged("instance", owned)
    )["Instances"]
    return {
        ("vpc", vpc),
        ("subnet", subnet),
        ("elastic_ip", address["AllocationId"]),
        ("nat_gateway", nat),
        ("security_group", group),
        ("network_interface", interface["NetworkInterfaceId"]),
        ("volume", volume),
        ("snapshot", snapshot["SnapshotId"]),
        ("launch_template", template),
        ("instance", instance["InstanceId"]),
        *leave_load_balancer(aws, name, subnet, vpc),
    }


def leave_load_balancer(aws: Aws, name: str, subnet: str, vpc: str) -> set[tuple[str, str]]:
    elb = aws.client("elbv2")
    owner = [{"Key": "elbv2.k8s.aws/cluster", "Value": name}]
    (balancer,) = elb.create_load_balancer(Name=f"k8s-{name}", Subnets=[subnet], Tags=owner)[
        "LoadBalancers"
    ]
    (group,) = elb.create_target_group(
        Name=f"k8s-{name}",
        Protocol="HTTP",
        Port=80,
        VpcId=vpc,
        Tags=owner,
    )["TargetGroups"]
    return {
        ("load_balancer", balancer["LoadBalancerArn"]),
        ("target_group", group["TargetGroupArn"]),
    }


def leave_data(aws: Aws, environment: str) -> set[tuple[str, str]]:
    """Leave data stores, buckets, repositories, secrets and a key."""
    name, tags = f"ragops-{environment}", tag_list(environment)
    rds, cache, ec2 = aws.client("rds"), aws.client("elasticache"), aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]  # somebody else's
    subnets = [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.30.{number}.0/24", AvailabilityZone=f"us-east-1{zone}"
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate("ab")
    ]
    rds.create_db_subnet_group(
        DBSubnetGroupName=name, DBSubnetGroupDescription="x", SubnetIds=subnets, Tags=tags
    )
    rds.create_db_parameter_group(
        DBParameterGroupName=f"{name}-postgres15",
        DBParameterGroupFamily="postgres15",
        Description="x",
        Tags=tags,
    )
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        MasterUsername="ragops",
        MasterUserPassword="not-a-secret",
        AllocatedStorage=20,
        Tags=tags,
    )
    snapshot = rds.create_db_snapshot(
        DBSnapshotIdentifier=f"{name}-final-20261122000000", DBInstanceIdentifier=name
    )["DBSnapshot"]["DBSnapshotArn"]
    # Tags need not have been copied.
    rds.remove_tags_from_resource(ResourceName=snapshot, TagKeys=["Project", "Environment"])
    cache.create_cache_subnet_group(
        CacheSubnetGroupName=name,
        CacheSubnetGroupDescription="x",
        SubnetIds=subnets,
        Tags=tags,
    )
    cache.create_replication_group(
        ReplicationGroupId=name, ReplicationGroupDescription="x", Tags=tags
    )
    bucket = f"{name}-documents-{ACCOUNT}"
    aws.client("s3").create_bucket(Bucket=bucket)
    aws.client("ecr").create_repository(repositoryName=f"{name}/backend")
    secrets = aws.client("secretsmanager")
    secrets.create_secret(Name=f"{name}/database-url", SecretString="not-told", Tags=tags)
    key = aws.client("kms").create_key(
        Tags=[{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags]
    )["KeyMetadata"]["Arn"]
    return {
        ("subnet_group", name),
        ("parameter_group", f"{name}-postgres15"),
        ("instance", name),
        ("snapshot", f"{name}-final-20261122000000"),
        ("replication_group", name),
        ("bucket", bucket),
        ("repository", f"{name}/backend"),
        ("secret", f"{name}/database-url"),
        ("key", key),
    }


def leave_identity(aws: Aws, environment: str) -> set[tuple[str, str]]:
    """Leave a cluster, its roles and its logs; something of a service that nobody describes."""
    name, tags = f"ragops-{environment}", tag_list(environment)
    iam = aws.client("iam")
    iam.create_role(RoleName=f"{name}-eks-nodes", AssumeRolePolicyDocument="{}", Tags=tags)
    allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    policy = iam.create_policy(
        PolicyName=f"{name}-backend",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
        Tags=tags,
    )
    provider = iam.create_open_id_connect_provider(
        Url=f"https://oidc.eks.us-east-1.amazonaws.com/id/{environment}", Tags=tags
    )["OpenIDConnectProviderArn"]
    aws.client("eks").create_cluster(
        name=name,
        roleArn="arn:aws:iam::000000000000:role/x",
        resourcesVpcConfig={"subnetIds": ["subnet-1"]},
        tags={tag["Key"]: tag["Value"] for tag in tags},
    )
    aws.client("logs").create_log_group(logGroupName=f"/aws/eks/{name}/cluster")
    topic = aws.client("sns").create_topic(Name=f"{name}-alarms", Tags=tags)["TopicArn"]
    return {
        ("role", f"{name}-eks-nodes"),
        ("policy", policy["Policy"]["Arn"]),
        ("oidc_provider", provider),
        ("cluster", name),
        ("log_group", f"/aws/eks/{name}/cluster"),
        ("resource", topic),
    }


def leave(aws: Aws, environment: str) -> set[tuple[str, str]]:
    return (
        leave_network(aws, environment)
        | leave_data(aws, environment)
        | leave_identity(aws, environment)
    )


def sweep(world: World, **options: Any) -> dict[str, Any]:
    quiet = world.mutations()
    result = world.run("platform_sweep", {"project": "ragops", "environment": "dev", **options})
    assert world.mutations() == quiet, "a sweep reads only"
    assert result["changed"] is False
    return result


def identities(items: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(item["type"], item["id"]) for item in items}


def test_an_empty_account_has_nothing_left(world: World) -> None:
    result = sweep(world)
    assert result["left"] == result["kept"] == []
    assert result["name"] == "ragops-dev"


def test_everything_of_the_platform_is_found_and_nothing_of_its_neighbours(world: World) -> None:
    ours = leave(world.aws, "dev")
    for neighbour in ("devel", "dev-2", "prod"):
        leave(world.aws, neighbour)
    result = sweep(world)
    assert identities(result["left"]) == ours
    assert result["kept"] == []
    assert "not-told" not in str(result)
    free = {
        *("launch_template", "network_interface", "security_group", "subnet", "target_group"),
        *("vpc", "subnet_group", "parameter_group", "role", "policy", "oidc_provider"),
    }
    assert {item["type"] for item in result["left"] if not item["billed"]} == free
    flags = [item["billed"] for item in result["left"]]
    assert flags == sorted(flags, reverse=True), "what costs money comes first"


def test_each_finding_says_why(world: World) -> None:
    leave(world.aws, "dev")
    why = {(item["service"], item["type"]): item["why"] for item in sweep(world)["left"]}
    assert why["ec2", "vpc"] == "tagged Project=ragops, Environment=dev"
    assert why["ec2", "volume"] == (
        "made by the cluster (tagged kubernetes.io/cluster/ragops-dev=owned)"
    )
    assert "lies in the platform's VPC vpc-" in why["ec2", "network_interface"]
    assert why["rds", "snapshot"] == "taken of ragops-dev"
    assert why["ecr", "repository"] == "named after ragops-dev"


def test_what_is_kept_on_purpose_is_told_apart(world: World) -> None:
    leave(world.aws, "dev")
    survivors = ["s3", "kms", "rds", "milvus", "logs", "ecr", "elasticache", "secrets"]
    result = sweep(world, survivors=survivors)
    kept = {(item["service"], item["type"]) for item in result["kept"]}
    assert kept == {
        ("ec2", "volume"),
        ("ec2", "snapshot"),
        ("ecr", "repository"),
        ("kms", "key"),
        ("logs", "log_group"),
        ("rds", "snapshot"),
        ("s3", "bucket"),
        ("secretsmanager", "secret"),
    }
    computing = {(item["service"], item["type"]) for item in result["left"]}
    assert ("rds", "instance") in computing
    assert ("elasticache", "replication_group") in computing


def test_what_ends_by_itself_is_kept_and_not_billed(world: World) -> None:
    tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tag_list("dev")]
    kms, secrets = world.aws.client("kms"), world.aws.client("secretsmanager")
    key = kms.create_key(Tags=tags)["KeyMetadata"]
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    secrets.create_secret(Name="ragops-dev/redis-url", SecretString="x", Tags=tag_list("dev"))
    secrets.delete_secret(SecretId="ragops-dev/redis-url", RecoveryWindowInDays=7)
    result = sweep(world)
    assert result["left"] == []
    assert identities(result["kept"]) == {("key", key["Arn"]), ("secret", "ragops-dev/redis-url")}
    assert not any(item["billed"] for item in result["kept"])
    assert all("deletion" in item["why"] for item in result["kept"])


def test_what_is_over_is_not_left(world: World) -> None:
    """AWS lists terminated instances and deleted gateways for an hour; tags live on as long."""
    ec2 = world.aws.client("ec2")
    left = dict(leave_network(world.aws, "dev"))
    ec2.terminate_instances(InstanceIds=[left["instance"]])
    ec2.delete_nat_gateway(NatGatewayId=left["nat_gateway"])
    found = dict(identities(sweep(world)["left"]))
    assert left.keys() - found.keys() == {"instance", "nat_gateway"}


def test_a_cluster_that_only_uses_something_does_not_own_it(world: World) -> None:
    shared = [{"Key": "kubernetes.io/cluster/ragops-dev", "Value": "shared"}]
    world.aws.client("ec2").create_volume(
        AvailabilityZone="us-east-1a",
        Size=1,
        TagSpecifications=[{"ResourceType": "volume", "Tags": shared}],
    )
    assert sweep(world)["left"] == []


def test_examples_run(world: World, tmp_path: Path) -> None:
    results = play(examples("platform_sweep"), tmp_path, world.aws.environment)
    assert results[0]["left"] == []


def test_a_refused_look_is_an_error_and_not_an_empty_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ansible_collections.ragops.platform.plugins.module_utils._sweep import sweep as sweeping
    from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError

    def refuse(*_: Any) -> None:
        raise AwsError("The caller is not allowed to eks:DescribeCluster", action="eks:X")

    monkeypatch.setattr(sweeping, "FINDERS", {**sweeping.FINDERS, "eks": refuse})
    options = {"project": "ragops", "environment": "dev"}
    result = world.run("platform_sweep", options, fails=True)
    assert "not allowed to eks:DescribeCluster" in result["msg"]
