"""Something of everything that a platform can leave in an account."""

from __future__ import annotations

import json
from typing import Any

from support.emulator import Aws

ACCOUNT = "000000000000"


def tag_list(environment: str) -> list[dict[str, str]]:
    tags = {"Project": "ragops", "Environment": environment, "ManagedBy": "ragops.platform"}
    return [{"Key": key, "Value": value} for key, value in tags.items()]


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
    aws.client("s3").put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    aws.client("ecr").create_repository(repositoryName=f"{name}/backend", tags=tags)
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
