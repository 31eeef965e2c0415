"""What AWS refuses, and its emulation allows: each rule refuses in AWS's own words.

A rule looks into the emulated account directly, so that it refuses for what is there and not for
what a test expects. Codes are those of botocore's models and of public reports of the real ones.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import boto3
from botocore.exceptions import ClientError

from support.faults.wire import Call, Refusal

POLLS = 3
"""How often something is asked for before AWS is done with it."""


class Account:
    """The emulated account behind the proxy. leaving: how many polls a NAT gateway still takes."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._clients: dict[str, Any] = {}
        self.leaving: Counter[str] = Counter()

    def client(self, service: str) -> Any:
        """A client that goes past the proxy."""
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self._upstream,
                region_name="us-east-1",
                aws_access_key_id="AKIAUNITTESTS0000000",
                aws_secret_access_key="unit-tests-secret-access-key",
            )
        return self._clients[service]

    def interfaces(self) -> Iterator[tuple[str, str, str]]:
        """(owner, subnet, security group) of all that lies in a subnet under a group."""
        for item in self.client("ec2").describe_network_interfaces()["NetworkInterfaces"]:
            for group in item["Groups"] or [{"GroupId": ""}]:
                yield item["NetworkInterfaceId"], item["SubnetId"], group["GroupId"]
        for gateway in self.gateways():
            yield gateway["NatGatewayId"], gateway["SubnetId"], ""
        for endpoint in self.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]:
            for subnet in endpoint.get("SubnetIds") or ():
                for group in endpoint.get("Groups") or [{"GroupId": ""}]:
                    yield endpoint["VpcEndpointId"], subnet, group["GroupId"]
        yield from self._stores()
        yield from self._clusters()

    def gateways(self) -> list[dict[str, Any]]:
        """NAT gateways that still hold their subnet and address."""
        found = self.client("ec2").describe_nat_gateways()["NatGateways"]
        return [
            item
            for item in found
            if item["State"] not in ("deleted", "failed") or self.leaving[item["NatGatewayId"]] > 0
        ]

    def _stores(self) -> Iterator[tuple[str, str, str]]:
        for item in self.client("rds").describe_db_instances()["DBInstances"]:
            for subnet in item.get("DBSubnetGroup", {}).get("Subnets", ()):
                for group in item.get("VpcSecurityGroups") or [{"VpcSecurityGroupId": ""}]:
                    yield (
                        item["DBInstanceIdentifier"],
                        subnet["SubnetIdentifier"],
                        group["VpcSecurityGroupId"],
                    )
        cache = self.client("elasticache")
        groups = {item["CacheSubnetGroupName"]: item for item in _subnet_groups(cache)}
        for item in cache.describe_cache_clusters()["CacheClusters"]:
            where = groups.get(item.get("CacheSubnetGroupName", ""), {"Subnets": []})
            for subnet in where["Subnets"]:
                for group in item.get("SecurityGroups") or [{"SecurityGroupId": ""}]:
                    yield (
                        item["CacheClusterId"],
                        subnet["SubnetIdentifier"],
                        group["SecurityGroupId"],
                    )

    def _clusters(self) -> Iterator[tuple[str, str, str]]:
        eks = self.client("eks")
        for name in eks.list_clusters()["clusters"]:
            placed = eks.describe_cluster(name=name)["cluster"]["resourcesVpcConfig"]
            for subnet in placed.get("subnetIds", ()):
                for group in placed.get("securityGroupIds") or [""]:
                    yield f"Amazon EKS {name}", subnet, group


def _subnet_groups(cache: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cache.describe_cache_subnet_groups()["CacheSubnetGroups"]
    return found


class Rule:
    """One thing that AWS does otherwise. Rules live as long as a plan of the proxy."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def refuse(self, call: Call) -> Refusal | None:  # noqa: ARG002 - a rule's form
        """The error with which AWS refuses the call; None: it takes it."""
        return None

    def edit(self, call: Call, status: int, body: bytes) -> bytes:  # noqa: ARG002
        """The answer's body as AWS would give it, after the emulation took the call."""
        return body


class Held(Rule):
    """Groups, subnets and VPCs can't go while an interface, or a rule of a group, needs them."""

    def refuse(self, call: Call) -> Refusal | None:
        if call.action == "DeleteSecurityGroup":
            group = call.form.get("GroupId", "")
            if self._interfaces(2, group) or self._named_by_others(group):
                return _dependency(f"resource {group} has a dependent object")
        if call.action == "DeleteSubnet":
            subnet = call.form["SubnetId"]
            if self._interfaces(1, subnet):
                text = f"The subnet '{subnet}' has dependencies and cannot be deleted."
                return _dependency(text)
        if call.action == "DeleteVpc" and self._inside(call.form["VpcId"]):
            text = f"The vpc '{call.form['VpcId']}' has dependencies and cannot be deleted."
            return _dependency(text)
        return None

    def _interfaces(self, field: int, wanted: str) -> bool:
        return any(entry[field] == wanted for entry in self.account.interfaces())

    def _named_by_others(self, group: str) -> bool:
        groups = self.account.client("ec2").describe_security_groups()["SecurityGroups"]
        return any(
            pair.get("GroupId") == group
            for other in groups
            if other["GroupId"] != group
            for rule in other["IpPermissions"] + other["IpPermissionsEgress"]
            for pair in rule.get("UserIdGroupPairs", ())
        )

    def _inside(self, vpc: str) -> bool:
        ec2 = self.account.client("ec2")
        inside = [{"Name": "vpc-id", "Values": [vpc]}]
        tables = ec2.describe_route_tables(Filters=inside)["RouteTables"]
        own = [t for t in tables if not any(link.get("Main") for link in t["Associations"])]
        endpoints = ec2.describe_vpc_endpoints()["VpcEndpoints"]
        return bool(own) or any(
            item["VpcId"] == vpc and item.get("State") != "deleted" for item in endpoints
        )


class Addresses(Rule):
    """An address can't be released, nor the gateway detached, under a NAT gateway or balancer.

    Nor just after its gateway went: AWS then looks for an interface that is gone.
    """

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._asked: set[str] = set()

    def refuse(self, call: Call) -> Refusal | None:
        if call.action == "ReleaseAddress":
            wanted = call.form.get("AllocationId", "")
            if any(
                address.get("AllocationId") == wanted
                for gateway in self.account.gateways()
                for address in gateway.get("NatGatewayAddresses", ())
            ):
                text = "You do not have permission to access the specified resource."
                return Refusal(400, "AuthFailure", text)
            if wanted not in self._asked:
                self._asked.add(wanted)
                text = "The networkInterface ID 'eni-0a0a0a0a0a0a0a0a0' does not exist"
                return Refusal(400, "InvalidNetworkInterfaceID.NotFound", text)
        if call.action == "DetachInternetGateway" and self._public(call.form["VpcId"]):
            return _dependency(
                f"Network {call.form['VpcId']} has some mapped public address(es). Please unmap "
                "those public address(es) before detaching the gateway."
            )
        return None

    def _public(self, vpc: str) -> bool:
        if any(gateway["VpcId"] == vpc for gateway in self.account.gateways()):
            return True
        balancers = self.account.client("elbv2").describe_load_balancers()["LoadBalancers"]
        return any(item.get("VpcId") == vpc for item in balancers)


class SlowGateways(Rule):
    """A NAT gateway takes its time to go: it is `deleting` for some polls."""

    def edit(self, call: Call, status: int, body: bytes) -> bytes:
        if call.action == "DeleteNatGateway" and status == 200:
            self.account.leaving[call.form["NatGatewayId"]] = POLLS
        if call.action != "DescribeNatGateways":
            return body
        text = body.decode()
        for gateway in [name for name, polls in self.account.leaving.items() if polls > 0]:
            if gateway in text:
                self.account.leaving[gateway] -= 1
                pattern = rf"(<natGatewayId>{gateway}</natGatewayId>.*?<state>)deleted(</state>)"
                text = re.sub(pattern, r"\1deleting\2", text, count=1, flags=re.DOTALL)
        return text.encode()


class TargetGroups(Rule):
    """A target group is in use for some minutes after its load balancer is gone."""

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._asked: Counter[str] = Counter()

    def refuse(self, call: Call) -> Refusal | None:
        if call.action != "DeleteTargetGroup":
            return None
        arn = call.form["TargetGroupArn"]
        self._asked[arn] += 1
        if self._asked[arn] > POLLS:
            return None
        text = f"Target group '{arn}' is currently in use by a listener or a rule"
        return Refusal(400, "ResourceInUse", text)


class Balancers(Rule):
    """The interfaces of a load balancer outlive it for some polls."""

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._going: Counter[str] = Counter()

    def edit(self, call: Call, status: int, body: bytes) -> bytes:
        if call.action == "DeleteLoadBalancer" and status == 200:
            name = "/".join(call.form["LoadBalancerArn"].split("/")[1:])
            self._going[f"ELB {name}"] = POLLS
        if call.action == "DescribeNetworkInterfaces":
            ec2 = self.account.client("ec2")
            for item in ec2.describe_network_interfaces()["NetworkInterfaces"]:
                self._age(ec2, item)
        return body

    def _age(self, ec2: Any, item: dict[str, Any]) -> None:
        about = item["Description"]
        if about in self._going:
            self._going[about] -= 1
            if self._going[about] <= 0:
                ec2.delete_network_interface(NetworkInterfaceId=item["NetworkInterfaceId"])


class LateLogs(Rule):
    """The control plane's last lines make its log group anew, once, after it was deleted."""

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._back: set[str] = set()

    def edit(self, call: Call, status: int, body: bytes) -> bytes:
        if call.action == "DeleteLogGroup" and status == 200:
            name = call.json["logGroupName"]
            if name.startswith("/aws/eks/") and name not in self._back:
                self._back.add(name)
                self.account.client("logs").create_log_group(logGroupName=name)
        return body


class Databases(Rule):
    """A protected instance stays, and a final snapshot needs a name that nobody has."""

    def refuse(self, call: Call) -> Refusal | None:
        if call.action != "DeleteDBInstance":
            return None
        rds = self.account.client("rds")
        name, final = call.form["DBInstanceIdentifier"], call.form.get("FinalDBSnapshotIdentifier")
        instances = rds.describe_db_instances()["DBInstances"]
        if any(
            i["DBInstanceIdentifier"] == name and i.get("DeletionProtection") for i in instances
        ):
            text = (
                "Cannot delete protected DB Instance, please disable deletion protection and try "
                "again."
            )
            return Refusal(400, "InvalidParameterCombination", text)
        taken = {
            item["DBSnapshotIdentifier"] for item in rds.describe_db_snapshots()["DBSnapshots"]
        }
        if final in taken:
            text = (
                "Cannot create the snapshot because a snapshot with the identifier "
                f"{final} already exists."
            )
            return Refusal(400, "DBSnapshotAlreadyExists", text)
        return None


class Clusters(Rule):
    """A control plane can't go before its node groups."""

    def refuse(self, call: Call) -> Refusal | None:
        found = re.fullmatch(r"DELETE /clusters/([^/]+)", call.action)
        if call.service != "eks" or not found:
            return None
        try:
            groups = self.account.client("eks").list_nodegroups(clusterName=found[1])["nodegroups"]
        except ClientError:
            return None
        if groups:
            return Refusal(409, "ResourceInUseException", "Cluster has nodegroups attached")
        return None


class Secrets(Rule):
    """The name of a secret that is scheduled for deletion is not free."""

    def refuse(self, call: Call) -> Refusal | None:
        if call.action != "CreateSecret":
            return None
        listed = self.account.client("secretsmanager").list_secrets(IncludePlannedDeletion=True)
        ending = {item["Name"] for item in listed["SecretList"] if item.get("DeletedDate")}
        if call.json["Name"] in ending:
            text = (
                "You can't create this secret because a secret with this name is already "
                "scheduled for deletion."
            )
            return Refusal(400, "InvalidRequestException", text)
        return None


class Images(Rule):
    """A repository with images goes by force only."""

    def refuse(self, call: Call) -> Refusal | None:
        if call.action != "DeleteRepository" or call.json.get("force"):
            return None
        name = call.json["repositoryName"]
        try:
            images = self.account.client("ecr").list_images(repositoryName=name)["imageIds"]
        except ClientError:
            return None
        if images:
            text = (
                f"The repository with name '{name}' in registry with id '000000000000' cannot be "
                "deleted because it still contains images"
            )
            return Refusal(400, "RepositoryNotEmptyException", text)
        return None


RULES: dict[str, type[Rule]] = {
    "held": Held,
    "addresses": Addresses,
    "slow_gateways": SlowGateways,
    "target_groups": TargetGroups,
    "balancers": Balancers,
    "late_logs": LateLogs,
    "databases": Databases,
    "clusters": Clusters,
    "secrets": Secrets,
    "images": Images,
}


def rules_of(names: Iterable[str], account: Account) -> list[Rule]:
    """New rules by their names; "*" for all."""
    wanted = list(names)
    account.leaving.clear()
    return [kind(account) for name, kind in RULES.items() if name in wanted or "*" in wanted]


def _dependency(message: str) -> Refusal:
    return Refusal(400, "DependencyViolation", message)
