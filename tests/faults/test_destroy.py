"""destroy.yml against an AWS that refuses as AWS does, beside neighbours in the same account."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from support.emulator import Aws
from support.faults.holdings import Holdings
from support.faults.killing import Faults
from support.faults.wholerun import Platform, doubled, killed_at
from support.leftovers import leave
from table import Table

ACCOUNT = "000000000000"
BUCKET = f"ragops-dev-documents-{ACCOUNT}"


def vpc_of(aws: Aws) -> dict[str, Any]:
    """The platform's VPC."""
    tagged = [{"Name": "tag:Project", "Values": ["ragops"]}]
    tagged += [{"Name": "tag:Environment", "Values": ["dev"]}]
    (vpc,) = aws.client("ec2").describe_vpcs(Filters=tagged)["Vpcs"]
    found: dict[str, Any] = vpc
    return found


def leave_behind(aws: Aws) -> None:
    """What controllers and AWS's own services leave in the VPC of a cluster that dies early."""
    ec2, elb = aws.client("ec2"), aws.client("elbv2")
    vpc = vpc_of(aws)["VpcId"]
    inside = [{"Name": "vpc-id", "Values": [vpc]}]
    subnets = [item["SubnetId"] for item in ec2.describe_subnets(Filters=inside)["Subnets"]]
    owner = [{"Key": "elbv2.k8s.aws/cluster", "Value": "ragops-dev"}]

    def group(name: str, tags: list[dict[str, str]]) -> str:
        specification = [{"ResourceType": "security-group", "Tags": tags}] if tags else []
        made: str = ec2.create_security_group(
            GroupName=name, Description=name, VpcId=vpc, TagSpecifications=specification
        )["GroupId"]
        return made

    backend = group("k8s-traffic-ragopsdev-1", owner)
    (balancer,) = elb.create_load_balancer(
        Name="k8s-rag", Subnets=subnets[:2], SecurityGroups=[backend], Tags=owner
    )["LoadBalancers"]
    elb.create_target_group(Name="k8s-rag", Protocol="HTTP", Port=80, VpcId=vpc, Tags=owner)
    path = "/".join(balancer["LoadBalancerArn"].split("/")[1:])
    ec2.create_network_interface(SubnetId=subnets[0], Description=f"ELB {path}", Groups=[backend])
    node = [{"Key": "node.k8s.amazonaws.com/instance_id", "Value": "i-1"}]
    ec2.create_network_interface(
        SubnetId=subnets[0],
        Description="aws-K8S-i-1",
        Groups=[
            group(
                "eks-cluster-sg-ragops-dev-1",
                [{"Key": "aws:eks:cluster-name", "Value": "ragops-dev"}],
            )
        ],
        TagSpecifications=[{"ResourceType": "network-interface", "Tags": node}],
    )
    ec2.create_vpc_endpoint(
        VpcId=vpc,
        VpcEndpointType="Interface",
        ServiceName="com.amazonaws.us-east-1.guardduty-data",
        SubnetIds=subnets[:1],
        SecurityGroupIds=[group(f"GuardDutyManagedSecurityGroup-{vpc}", [])],
    )


def make_by_hand(aws: Aws) -> Callable[[], dict[str, Any]]:
    """Things of somebody else whose names are like the platform's; returns what reads them."""
    ec2 = aws.client("ec2")
    named = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "ragops-dev"}]}]
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16", TagSpecifications=named)["Vpc"]["VpcId"]
    ec2.create_security_group(GroupName="ragops-dev-rds", Description="theirs", VpcId=vpc)
    aws.client("logs").create_log_group(logGroupName="/aws/eks/ragops-dev2/cluster")
    aws.client("secretsmanager").create_secret(Name="ragops-development/x", SecretString="x")
    aws.client("s3").create_bucket(Bucket="ragops-dev-documents-of-somebody")
    inside = [{"Name": "vpc-id", "Values": [vpc]}]

    def read() -> dict[str, Any]:
        groups = aws.client("logs").describe_log_groups()["logGroups"]
        secrets = aws.client("secretsmanager").list_secrets()["SecretList"]
        return {
            "vpc": len(ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]),
            "groups": len(ec2.describe_security_groups(Filters=inside)["SecurityGroups"]),
            "logs": "/aws/eks/ragops-dev2/cluster" in {g["logGroupName"] for g in groups},
            "secret": "ragops-development/x" in {item["Name"] for item in secrets},
            "bucket": aws.client("s3").head_bucket(Bucket="ragops-dev-documents-of-somebody")[
                "ResponseMetadata"
            ]["HTTPStatusCode"],
        }

    return read


def store_data(aws: Aws) -> None:
    """A document with versions, and an image."""
    s3 = aws.client("s3")
    for body in (b"first", b"second"):
        s3.put_object(Bucket=BUCKET, Key="report.pdf", Body=body)
    s3.delete_object(Bucket=BUCKET, Key="report.pdf")
    s3.put_object(Bucket=BUCKET, Key="kept.pdf", Body=b"kept")
    s3.create_multipart_upload(Bucket=BUCKET, Key="stale.pdf")
    aws.client("ecr").put_image(
        repositoryName="ragops-dev/backend", imageManifest='{"schemaVersion": 2}', imageTag="1"
    )


def test_destroy_removes_all_of_its_own_and_nothing_else(
    emulator: Aws, proxied: Aws, tmp_path: Path, seed: int, table: Table
) -> None:
    """In AWS's order, with AWS's waits; data by one switch only; twice without a change.

    Both runs are killed once on their way, at a call that the seed chooses.
    """
    emulator.reset()
    chance = random.Random(f"{seed} whole runs")  # noqa: S311 - no secrets
    sites, destroys = table.row("kill -9: site.yml"), table.row("kill -9: destroy.yml")
    faults, ours = Faults(proxied), Holdings(emulator, "dev")
    leave(emulator, "devel")
    read, neighbours = make_by_hand(emulator), Holdings(emulator, "devel")
    before = (read(), neighbours.count())
    platform = Platform.of(proxied, tmp_path / "dev")
    dies = killed_at(faults, chance.randint(1, 60), chance.random() < 0.5)
    assert (died := platform.site(ready=dies)).code is None, died.output
    assert (made := platform.site()).code == 0, made.output
    assert not doubled(ours.count())
    sites.passed()
    leave_behind(emulator)
    store_data(emulator)
    dies = killed_at(faults, chance.randint(1, 25), chance.random() < 0.5, refusals=["*"])
    assert (died := platform.destroy(ready=dies)).code is None, died.output
    done = platform.destroy()
    assert done.code == 0, done.output
    destroys.passed()
    report = faults.report()["injected"]
    refused = {line.split()[0] for line in report}
    assert {"InvalidNetworkInterfaceID.NotFound", "ResourceInUse"} & refused, report
    kept = {name.split()[1] for name in ours.count()}
    assert kept == {"bucket", "key"}, ours.count()  # dev keeps no images
    assert "Nothing billed of ragops-dev is left in us-east-1 but what is kept" in done.output
    assert emulator.client("s3").get_object(Bucket=BUCKET, Key="kept.pdf")["Body"].read() == b"kept"
    again = platform.destroy()
    assert (again.code, again.changed) == (0, 0), again.output
    rest = platform.destroy("-e", "destroy_data=true")
    assert rest.code == 0, rest.output
    assert not ours.count()
    assert "Nothing billed of ragops-dev is left in us-east-1." in rest.output
    assert (read(), neighbours.count()) == before, "neighbours are untouched"


def refusal(call: Callable[..., Any], **arguments: Any) -> str:
    """The code with which a call is refused; empty when it is not."""
    try:
        call(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def test_the_stand_in_refuses_what_aws_refuses(emulator: Aws, proxied: Aws) -> None:
    """Each wrong order by itself: a stand-in that refuses nothing would prove nothing."""
    emulator.reset()
    Faults(proxied).plan(refusals=["*"])
    dict(leave(emulator, "dev"))
    ec2, vpc = proxied.client("ec2"), vpc_of(emulator)["VpcId"]
    inside = [{"Name": "vpc-id", "Values": [vpc]}]
    (subnet,) = ec2.describe_subnets(Filters=inside)["Subnets"]
    (address,) = ec2.describe_addresses()["Addresses"]
    (gateway,) = ec2.describe_nat_gateways()["NatGateways"]
    internet = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=vpc)
    interface = ec2.create_network_interface(
        SubnetId=subnet["SubnetId"], Groups=[group_of(ec2, inside)]
    )["NetworkInterface"]["NetworkInterfaceId"]
    rds, eks, elb = proxied.client("rds"), proxied.client("eks"), proxied.client("elbv2")
    rds.modify_db_instance(DBInstanceIdentifier="ragops-dev", DeletionProtection=True)
    eks.create_nodegroup(
        clusterName="ragops-dev", nodegroupName="main", nodeRole="arn:x", subnets=["subnet-1"]
    )
    secrets, ecr = proxied.client("secretsmanager"), proxied.client("ecr")
    secrets.delete_secret(SecretId="ragops-dev/database-url", RecoveryWindowInDays=7)
    ecr.put_image(
        repositoryName="ragops-dev/backend", imageManifest='{"schemaVersion": 2}', imageTag="1"
    )
    (targets,) = elb.describe_target_groups()["TargetGroups"]
    database = {"DBInstanceIdentifier": "ragops-dev"}
    taken = {"FinalDBSnapshotIdentifier": "ragops-dev-final-20261122000000"}
    proxied.client("s3").put_object(Bucket=BUCKET, Key="x", Body=b"x")
    for code, call, arguments in (
        ("DependencyViolation", ec2.delete_security_group, {"GroupId": group_of(ec2, inside)}),
        ("DependencyViolation", ec2.delete_subnet, {"SubnetId": subnet["SubnetId"]}),
        (
            "DependencyViolation",
            ec2.detach_internet_gateway,
            {"InternetGatewayId": internet, "VpcId": vpc},
        ),
        ("DependencyViolation", ec2.delete_vpc, {"VpcId": vpc}),
        ("AuthFailure", ec2.release_address, {"AllocationId": address["AllocationId"]}),
        ("ResourceInUse", elb.delete_target_group, {"TargetGroupArn": targets["TargetGroupArn"]}),
        ("InvalidParameterCombination", rds.delete_db_instance, database),
        ("ResourceInUseException", eks.delete_cluster, {"name": "ragops-dev"}),
        (
            "InvalidRequestException",
            secrets.create_secret,
            {"Name": "ragops-dev/database-url", "SecretString": "x"},
        ),
        (
            "RepositoryNotEmptyException",
            ecr.delete_repository,
            {"repositoryName": "ragops-dev/backend"},
        ),
        ("BucketNotEmpty", proxied.client("s3").delete_bucket, {"Bucket": BUCKET}),
    ):
        assert refusal(call, **arguments) == code, (code, arguments)
    rds.modify_db_instance(**database, DeletionProtection=False)
    assert refusal(rds.delete_db_instance, **database, **taken) == "DBSnapshotAlreadyExists"
    # And it lets go when the cause is gone.
    ec2.delete_nat_gateway(NatGatewayId=gateway["NatGatewayId"])
    states = [ec2.describe_nat_gateways()["NatGateways"][0]["State"] for _ in range(4)]
    assert states == ["deleting", "deleting", "deleting", "deleted"]
    late = refusal(ec2.release_address, AllocationId=address["AllocationId"])
    assert late == "InvalidNetworkInterfaceID.NotFound"
    assert refusal(ec2.release_address, AllocationId=address["AllocationId"]) == ""
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    logs = proxied.client("logs")
    name = "/aws/eks/ragops-dev/cluster"
    logs.delete_log_group(logGroupName=name)
    assert refusal(logs.delete_log_group, logGroupName=name) == "", "it came back once"
    assert refusal(logs.delete_log_group, logGroupName=name) == "ResourceNotFoundException"


def group_of(ec2: Any, inside: list[dict[str, Any]]) -> str:
    """The group in the VPC that is not its default."""
    groups = ec2.describe_security_groups(Filters=inside)["SecurityGroups"]
    (found,) = [item["GroupId"] for item in groups if item["GroupName"] != "default"]
    return str(found)
