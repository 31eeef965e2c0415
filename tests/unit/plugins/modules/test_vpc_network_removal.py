"""A network is removed in AWS's order, with what controllers left, and nothing of others."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._network import (
    balancers,
    endpoints,
    nat,
)
from ansible_collections.ragops.platform.plugins.module_utils._network.run import Run
from ansible_collections.ragops.platform.plugins.module_utils._network.snapshot import Snapshot
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Api, Plan
from botocore.stub import Stubber
from support.emulator import Aws
from support.lifecycle import Life, World
from support.networks import NAME, find, group, network_options

CLUSTER_TAG = [{"Key": "elbv2.k8s.aws/cluster", "Value": NAME}]
HTTPS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}


@pytest.fixture
def life(world: World) -> Life:
    """A converged network with a NAT gateway."""
    life = Life(world, "vpc_network", {**network_options(), "nat": "single", "wait_timeout": 3})
    world.run(life.module, life.options)
    return life


def vpc_of(aws: Aws) -> str:
    return str(find(aws, "vpcs", "Vpcs")[0]["VpcId"])


def make_group(aws: Aws, name: str, tags: list[dict[str, str]]) -> str:
    ec2 = aws.client("ec2")
    made = ec2.create_security_group(GroupName=name, Description="theirs", VpcId=vpc_of(aws))
    if tags:
        ec2.create_tags(Resources=[made["GroupId"]], Tags=tags)
    return str(made["GroupId"])


def name_each_other(aws: Aws, one: str, other: str) -> None:
    ec2 = aws.client("ec2")
    for first, second in ((one, other), (other, one)):
        ec2.authorize_security_group_ingress(
            GroupId=first,
            IpPermissions=[{**HTTPS, "UserIdGroupPairs": [{"GroupId": second}]}],
        )


def make_interface(aws: Aws, about: str, tags: list[dict[str, str]]) -> str:
    ec2 = aws.client("ec2")
    subnet = find(aws, "subnets", "Subnets", "private-1")[0]["SubnetId"]
    made = ec2.create_network_interface(SubnetId=subnet, Description=about)
    interface = str(made["NetworkInterface"]["NetworkInterfaceId"])
    if tags:
        ec2.create_tags(Resources=[interface], Tags=tags)
    return interface


def make_balancer(aws: Aws, name: str, subnets: list[str], tags: list[dict[str, str]]) -> None:
    elb = aws.client("elbv2")
    (made,) = elb.create_load_balancer(Name=name, Subnets=subnets, Tags=tags)["LoadBalancers"]
    elb.modify_load_balancer_attributes(
        LoadBalancerArn=made["LoadBalancerArn"],
        Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}],
    )
    vpc = aws.client("ec2").describe_subnets(SubnetIds=subnets)["Subnets"][0]["VpcId"]
    elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc, Tags=tags)


def leave_things_behind(aws: Aws) -> None:
    """What controllers, the VPC CNI, EKS and GuardDuty make for a cluster."""
    ec2, vpc = aws.client("ec2"), vpc_of(aws)
    subnets = [item["SubnetId"] for item in find(aws, "subnets", "Subnets")]
    make_balancer(aws, "k8s-rag-frontend", subnets[:2], CLUSTER_TAG)
    shared = make_group(aws, "k8s-traffic-ragopstest-1", CLUSTER_TAG)
    name_each_other(aws, shared, group(aws, "eks_nodes")["GroupId"])
    owned = [{"Key": f"kubernetes.io/cluster/{NAME}", "Value": "owned"}]
    make_group(aws, f"eks-cluster-sg-{NAME}-1", owned)
    node = [{"Key": "node.k8s.amazonaws.com/instance_id", "Value": "i-1"}]
    make_interface(aws, "aws-K8S-i-1", node)
    make_group(aws, f"GuardDutyManagedSecurityGroup-{vpc}", [])
    ec2.create_vpc_endpoint(
        VpcId=vpc,
        VpcEndpointType="Interface",
        ServiceName="com.amazonaws.us-east-1.guardduty-data",
        SubnetIds=subnets[:1],
    )


def test_what_controllers_left_is_planned_and_removed(life: Life) -> None:
    leave_things_behind(life.world.aws)
    done = life.settles("absent")
    gone = " ".join(done["diff"]["before"])
    for text in (
        "load balancer k8s-rag-frontend",
        "target group k8s-rag-frontend",
        "security group k8s-traffic-ragopstest-1",
        f"security group eks-cluster-sg-{NAME}-1",
        "security group GuardDutyManagedSecurityGroup-vpc-",
        "network interface eni-",
        f"vpc {NAME}",
    ):
        assert text in gone
    aws = life.world.aws
    assert aws.client("elbv2").describe_load_balancers()["LoadBalancers"] == []
    assert aws.client("elbv2").describe_target_groups()["TargetGroups"] == []
    assert aws.client("ec2").describe_network_interfaces()["NetworkInterfaces"] == []
    assert aws.client("ec2").describe_vpc_endpoints()["VpcEndpoints"] == []


def test_load_balancers_and_interfaces_of_others_stay(life: Life) -> None:
    """Of another cluster, in another VPC, or of nobody."""
    aws = life.world.aws
    ec2 = aws.client("ec2")
    other = ec2.create_vpc(CidrBlock="10.50.0.0/16")["Vpc"]["VpcId"]
    theirs = ec2.create_subnet(VpcId=other, CidrBlock="10.50.0.0/24")["Subnet"]["SubnetId"]
    ours = find(aws, "subnets", "Subnets", "public-1")[0]["SubnetId"]
    make_balancer(aws, "same-cluster-other-vpc", [theirs], CLUSTER_TAG)
    make_balancer(aws, "other-cluster", [ours], [{**CLUSTER_TAG[0], "Value": "another"}])
    make_balancer(aws, "nobodys", [ours], [{"Key": "Team", "Value": "theirs"}])
    kept = make_interface(
        aws,
        "aws-K8S-i-2",
        [{"Key": "cluster.k8s.amazonaws.com/name", "Value": "another"}],
    )
    foreseen = life.world.run(life.module, {**life.options, "state": "absent"}, check=True)
    named = " ".join(foreseen["diff"]["before"])
    assert not any(text in named for text in ("same-", "other-", "nobodys", kept))
    with refusing("delete_subnet", "DependencyViolation", times=10_000):
        life.world.run(life.module, {**life.options, "state": "absent"}, fails=True)
    left = {item["LoadBalancerName"] for item in all_balancers(aws)}
    assert left == {"same-cluster-other-vpc", "other-cluster", "nobodys"}
    assert len(ec2.describe_network_interfaces()["NetworkInterfaces"]) == 1


def all_balancers(aws: Aws) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = aws.client("elbv2").describe_load_balancers()["LoadBalancers"]
    return found


def test_the_order_is_aws_s(life: Life) -> None:
    leave_things_behind(life.world.aws)
    start = len(life.world.mutations())
    life.world.run(life.module, {**life.options, "state": "absent"})
    calls = [call.split(":")[1] for call in life.world.mutations()[start:]]
    order = [
        *("ModifyLoadBalancerAttributes", "DeleteLoadBalancer", "DeleteTargetGroup"),
        *("DeleteVpcEndpoints", "DeleteNatGateway", "ReleaseAddress", "DeleteNetworkInterface"),
        *("RevokeSecurityGroupIngress", "DeleteSecurityGroup", "DeleteSubnet"),
        *("DeleteRouteTable", "DetachInternetGateway", "DeleteInternetGateway", "DeleteVpc"),
    ]
    assert [calls.index(call) for call in order] == sorted(calls.index(call) for call in order)
    last_rule = max(index for index, call in enumerate(calls) if call.startswith("Revoke"))
    assert last_rule < calls.index("DeleteSecurityGroup")


@contextmanager
def refusing(operation: str, code: str, times: int) -> Iterator[list[str]]:
    """AWS refuses an operation for a while, as it does while something holds the resource."""
    asked: list[str] = []
    write = Api.write

    def answer(self: Api, called: str, about: str, *args: Any, **how: Any) -> dict[str, Any]:
        if called == operation and not self.check_mode:
            asked.append(about)
            if len(asked) <= times:
                raise AwsError(f"ec2:X failed for {about} ({code}): has dependencies", code=code)
        return write(self, called, about, *args, **how)

    with mock.patch.object(Api, "write", answer):
        yield asked


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("delete_security_group", "DependencyViolation"),
        ("delete_subnet", "DependencyViolation"),
        ("detach_internet_gateway", "DependencyViolation"),
        ("release_address", "AuthFailure"),
        ("delete_target_group", "ResourceInUse"),
        ("delete_network_interface", "InvalidNetworkInterface.InUse"),
        ("delete_vpc", "DependencyViolation"),
    ],
)
def test_what_is_held_is_tried_again(life: Life, operation: str, code: str) -> None:
    leave_things_behind(life.world.aws)
    with refusing(operation, code, times=2) as asked:
        life.world.run(life.module, {**life.options, "state": "absent"})
    assert asked[:3] == [asked[0]] * 3
    life.rests("absent")


def test_what_is_held_for_ever_is_told_with_the_interfaces(life: Life) -> None:
    held = make_interface(life.world.aws, "RDSNetworkInterface", [])
    with refusing("delete_subnet", "DependencyViolation", times=10_000):
        options = {**life.options, "state": "absent", "wait_timeout": 1}
        message = life.world.run(life.module, options, fails=True)["msg"]
    assert f"{held} (RDSNetworkInterface)" in message
    assert "Remove their owners" in message
    assert "DependencyViolation" in message
    life.settles("absent")  # run again when it is gone


def test_anothers_group_is_named_and_stays(life: Life) -> None:
    theirs = make_group(life.world.aws, "theirs", [{"Key": "Project", "Value": "theirs"}])
    options = {**life.options, "state": "absent", "wait_timeout": 1}
    message = life.world.run(life.module, options, fails=True)["msg"]
    assert f"The VPC has security groups that others created: {theirs} (theirs)" in message
    life.world.aws.client("ec2").delete_security_group(GroupId=theirs)
    life.settles("absent")


def test_another_refusal_is_not_waited_for(life: Life) -> None:
    with refusing("delete_vpc", "UnauthorizedOperation", times=10_000) as asked:
        life.world.run(life.module, {**life.options, "state": "absent"}, fails=True)
    assert len(asked) == 1


def run_on(client: Any, seen: Snapshot | None = None, **options: Any) -> Run:
    """A run over a stubbed client."""
    all_options = {"name": NAME, "wait_timeout": 5, "tags": {}, "region": "us-east-1", **options}
    vpc = {"VpcId": "vpc-1", "CidrBlock": "10.20.0.0/16"}
    return Run(Api(client), Plan(), seen or Snapshot(vpc=vpc), all_options)


Answers = list[tuple[str, dict[str, Any]]]


def after(aws: Aws, answers: Answers, step: Callable[[Any], None], service: str = "ec2") -> None:
    """Run one step on a client that gives these answers, all of them, in order."""
    client = aws.client(service)
    with Stubber(client) as stub:
        for operation, answer in answers:
            stub.add_response(operation, answer)
        step(client)
        stub.assert_no_pending_responses()


def nats(*states: str, **more: Any) -> Answers:
    return [
        ("describe_nat_gateways", {"NatGateways": [{"NatGatewayId": "nat-1", "State": s, **more}]})
        for s in states
    ]


def endpoint(state: str, **more: Any) -> dict[str, Any]:
    return {"VpcEndpointId": "vpce-1", "ServiceName": "sts", "State": state, **more}


def listed(*states: str, **more: Any) -> Answers:
    return [
        ("describe_vpc_endpoints", {"VpcEndpoints": [endpoint(state, **more)]}) for state in states
    ]


def test_an_address_is_released_only_when_its_gateway_is_gone(aws: Aws) -> None:
    held = {"AllocationId": "eipalloc-1", "Tags": []}
    seen = Snapshot(addresses=[held], leaving_nats=["nat-1"])
    answers = [*nats("deleting", "deleting", "deleted"), ("release_address", {})]
    after(aws, answers, lambda client: nat.remove_surplus(run_on(client, seen), set()))


def test_a_gateway_that_starts_is_awaited_and_one_that_failed_is_told(aws: Aws) -> None:
    after(
        aws,
        nats("pending", "available"),
        lambda client: nat.await_nats(run_on(client), ["nat-1"]),
    )
    with pytest.raises(AwsError, match=r"nat-1 is failed: no free addresses.*run again"):
        after(
            aws,
            nats("failed", FailureMessage="no free addresses"),
            lambda client: nat.await_nats(run_on(client), ["nat-1"]),
        )


def test_endpoints_are_awaited_both_ways(aws: Aws) -> None:
    after(
        aws,
        listed("pending", "available"),
        lambda client: endpoints.await_all(run_on(client), ["vpce-1"]),
    )
    gone: Answers = [("describe_vpc_endpoints", {"VpcEndpoints": []})]
    after(
        aws,
        [("delete_vpc_endpoints", {}), *listed("deleting"), *gone],
        lambda client: endpoints.remove(run_on(client), [endpoint("available")]),
    )


def test_a_broken_endpoint_is_told_with_the_way_out(aws: Aws) -> None:
    error = {"Code": "InvalidParameter", "Message": "zone is not supported"}
    says = r"vpce-1\) is failed: zone is not supported.*delete-vpc-endpoints"
    with pytest.raises(AwsError, match=says):
        after(
            aws,
            listed("failed", LastError=error),
            lambda client: endpoints.await_all(run_on(client), ["vpce-1"]),
        )
    broken = endpoint("failed", ServiceName="com.amazonaws.us-east-1.sts")
    run = run_on(None, Snapshot(endpoints=[broken]))
    with pytest.raises(AwsError, match="is failed: AWS gives no reason"):
        endpoints.ensure_interface(run, "vpc-1", "sts", ["subnet-1"], "sg-1")


def test_an_endpoint_that_aws_keeps_is_told(aws: Aws) -> None:
    error = {"Code": "InvalidParameter", "Message": "requester managed"}
    refused = {"Unsuccessful": [{"ResourceId": "vpce-1", "Error": error}]}
    with pytest.raises(AwsError, match=r"refused to delete endpoint vpce-1 .*requester managed"):
        after(
            aws,
            [("delete_vpc_endpoints", refused)],
            lambda client: endpoints.remove(run_on(client), [endpoint("available")]),
        )


def test_a_load_balancers_interfaces_are_awaited(aws: Aws) -> None:
    """They hold its group and subnets for a minute after it is gone."""
    about = "ELB app/k8s-rag/50dc6c495c0c9188"
    interface = {"NetworkInterfaceId": "eni-1", "Description": about, "Status": "in-use"}
    balancer = {"LoadBalancerArn": "arn:b", "LoadBalancerName": "k8s-rag", "VpcId": "vpc-1"}
    tagged = {"TagDescriptions": [{"ResourceArn": "arn:b", "Tags": CLUSTER_TAG}]}
    elb = aws.client("elbv2")

    def step(client: Any) -> None:
        run = run_on(client)
        run.elb = Api(elb)
        balancers.remove(run)

    with Stubber(elb) as stub:
        stub.add_response("describe_load_balancers", {"LoadBalancers": [balancer]})
        stub.add_response("describe_tags", tagged)
        stub.add_response("describe_load_balancer_attributes", {"Attributes": []})
        stub.add_response("delete_load_balancer", {})
        stub.add_response("describe_target_groups", {"TargetGroups": []})
        held: Answers = [("describe_network_interfaces", {"NetworkInterfaces": [interface]})]
        free: Answers = [("describe_network_interfaces", {"NetworkInterfaces": []})]
        after(aws, [*held, *held, *free], step)


def test_a_classic_load_balancer_of_kubernetes_itself_goes(aws: Aws) -> None:
    """No emulator has one. Its interfaces are awaited by its name."""
    inside = {"LoadBalancerName": "a1b2", "VPCId": "vpc-1"}
    others = {"LoadBalancerName": "c3d4", "VPCId": "vpc-1"}
    elsewhere = {"LoadBalancerName": "e5f6", "VPCId": "vpc-2"}
    owned = {"Key": f"kubernetes.io/cluster/{NAME}", "Value": "owned"}
    tagged = {"TagDescriptions": [{"LoadBalancerName": "a1b2", "Tags": [owned]}]}
    interface = {"NetworkInterfaceId": "eni-1", "Description": "ELB a1b2", "Status": "in-use"}
    elb = aws.client("elb")

    def step(client: Any) -> None:
        run = run_on(client)
        run.classic_elb = Api(elb)
        balancers.remove(run)
        assert list(run.plan.before) == ["load balancer a1b2"]

    with Stubber(elb) as stub:
        found = {"LoadBalancerDescriptions": [inside, others, elsewhere]}
        stub.add_response("describe_load_balancers", found)
        stub.add_response("describe_tags", tagged, {"LoadBalancerNames": ["a1b2", "c3d4"]})
        stub.add_response("delete_load_balancer", {}, {"LoadBalancerName": "a1b2"})
        held: Answers = [("describe_network_interfaces", {"NetworkInterfaces": [interface]})]
        free: Answers = [("describe_network_interfaces", {"NetworkInterfaces": []})]
        after(aws, [*held, *free], step)


def test_a_policy_that_aws_spells_otherwise_is_the_same(aws: Aws) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": ["s3:*"], "Resource": ["*"]}
    wanted = {"Version": "2012-10-17", "Statement": [statement]}
    spelled = {**wanted, "Statement": [{**statement, "Action": "s3:*", "Resource": "*"}]}
    seen = endpoint("available", PolicyDocument=json.dumps(spelled), RouteTableIds=[])
    full = "com.amazonaws.us-east-1.s3"
    client = aws.client("ec2")
    run = run_on(client, Snapshot(endpoints=[{**seen, "ServiceName": full, "Tags": []}]))
    run.api.check_mode = True
    run.options["endpoint_policies"] = {"s3": wanted}
    endpoints.ensure_gateway(run, "vpc-1", "s3", [])
    assert run.plan.diff()["before"].keys() == {f"gateway endpoint {NAME}-s3"}  # its tags only
    (before,) = run.plan.diff()["before"].values()
    assert before["policy"] == wanted
