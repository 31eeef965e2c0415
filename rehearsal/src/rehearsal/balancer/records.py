"""The load balancers as the emulated AWS knows them, with the tags that the controller sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import boto3

from rehearsal.balancer.wanted import Balancer, Group, Refused, Rule, short
from rehearsal.names import AWS, AWS_PORT

Dict = dict[str, Any]


def tags(mapping: Mapping[str, str]) -> list[Dict]:
    """Tags as the API takes them."""
    return [{"Key": key, "Value": value} for key, value in mapping.items()]


def attributes(pairs: Sequence[tuple[str, str]]) -> list[Dict]:
    """Attributes as the API takes them."""
    return [{"Key": key, "Value": value} for key, value in pairs]


class Records:
    """Makes, changes and removes the records. The caller is the account's root.

    That the controller's own role may do all this is proved against AWS's reference, not
    here: ministack knows no tags of load balancers when it evaluates a policy.
    """

    def __init__(
        self,
        region: str,
        cluster: str,
        vpc: str,
        default_tags: Mapping[str, str],
        endpoint: str = f"http://{AWS}:{AWS_PORT}",
    ) -> None:
        session = boto3.Session("test", "test", region_name=region)
        self._elb: Any = session.client("elbv2", endpoint_url=endpoint)
        self._ec2: Any = session.client("ec2", endpoint_url=endpoint)
        self._acm: Any = session.client("acm", endpoint_url=endpoint)
        self._cluster, self._vpc, self._default_tags = cluster, vpc, dict(default_tags)
        self._arns: dict[str, str] = {}
        self._registered: dict[str, set[tuple[str, int]]] = {}

    def ensure(self, balancer: Balancer) -> str:
        """Make a load balancer be as wanted; returns its DNS name."""
        for asked in balancer.listeners:
            self._certificate(asked.certificate)
        found = self._find(balancer.name)
        if found is not None and found["Scheme"] != balancer.scheme:
            # It can't be changed: the controller makes another one.
            self.remove(balancer.stack, balancer.name)
            found = None
        group = self._security_group(balancer)
        if found is None:
            answer = self._elb.create_load_balancer(
                Name=balancer.name,
                Subnets=self._subnets(balancer),
                SecurityGroups=[group],
                Scheme=balancer.scheme,
                Type="application",
                Tags=tags(self._tags(balancer, "LoadBalancer")),
            )
            found = answer["LoadBalancers"][0]
        arn = found["LoadBalancerArn"]
        if balancer.attributes:
            self._elb.modify_load_balancer_attributes(
                LoadBalancerArn=arn, Attributes=attributes(balancer.attributes)
            )
        for each in balancer.groups:
            self._arns[each.name] = self._target_group(balancer, each)
        # Listeners are made anew: what serves requests is the proxy, which goes on.
        for listener in self._elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]:
            self._elb.delete_listener(ListenerArn=listener["ListenerArn"])
        for each_listener in balancer.listeners:
            self._listener(balancer, arn, each_listener)
        self._drop_groups(balancer, keep={each.name for each in balancer.groups})
        return str(found["DNSName"])

    def _certificate(self, arn: str) -> None:
        """ELB takes certificates that are there, and were issued."""
        if not arn:
            return
        try:
            status = self._acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"]
        except self._acm.exceptions.ResourceNotFoundException:
            raise Refused(f"CertificateNotFound: Certificate '{arn}' not found") from None
        if status != "ISSUED":
            raise Refused(
                f"UnsupportedCertificate: The certificate '{arn}' must have a fully-qualified "
                f"domain name, a supported signature, and a supported key size; "
                f"its status is {status}"
            )

    def _listener(self, balancer: Balancer, arn: str, listener: Any) -> None:
        redirect = {
            "Type": "redirect",
            "RedirectConfig": {
                "Protocol": "HTTPS",
                "Port": str(listener.redirect),
                "StatusCode": "HTTP_301",
            },
        }
        nothing = {
            "Type": "fixed-response",
            "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain"},
        }
        secure = (
            {
                "Certificates": [{"CertificateArn": listener.certificate}],
                **({"SslPolicy": listener.policy} if listener.policy else {}),
            }
            if listener.certificate
            else {}
        )
        made = self._elb.create_listener(
            LoadBalancerArn=arn,
            Port=listener.port,
            Protocol=listener.protocol,
            DefaultActions=[redirect if listener.redirect else nothing],
            Tags=tags(self._tags(balancer, str(listener.port))),
            **secure,
        )["Listeners"][0]["ListenerArn"]
        for number, rule in enumerate([] if listener.redirect else balancer.rules, start=1):
            self._elb.create_rule(
                ListenerArn=made,
                Priority=number,
                Conditions=conditions(rule),
                Actions=[{"Type": "forward", "TargetGroupArn": self._arns[rule.group.name]}],
                Tags=tags(self._tags(balancer, f"{listener.port}:{number}")),
            )

    def _target_group(self, balancer: Balancer, group: Group) -> str:
        check: Dict = {
            "HealthCheckPath": group.path,
            "HealthCheckPort": group.check_port,
            "HealthCheckIntervalSeconds": int(group.interval),
            "HealthCheckTimeoutSeconds": int(group.timeout),
            "HealthyThresholdCount": group.healthy,
            "UnhealthyThresholdCount": group.unhealthy,
            "Matcher": {"HttpCode": group.codes},
        }
        known = self._elb.describe_target_groups(Names=[group.name])["TargetGroups"]
        if known:
            arn = str(known[0]["TargetGroupArn"])
            self._elb.modify_target_group(TargetGroupArn=arn, **check)
        else:
            answer = self._elb.create_target_group(
                Name=group.name,
                Protocol="HTTP",
                Port=80,
                VpcId=self._vpc,
                TargetType="ip",
                Tags=tags(self._tags(balancer, group.resource)),
                **check,
            )
            arn = str(answer["TargetGroups"][0]["TargetGroupArn"])
        if group.attributes:
            self._elb.modify_target_group_attributes(
                TargetGroupArn=arn, Attributes=attributes(group.attributes)
            )
        return arn

    def targets(self, group: str, addresses: Sequence[tuple[str, int]]) -> None:
        """Register exactly these addresses in a target group."""
        arn = self._arns[group]
        wanted, known = set(addresses), self._registered.get(arn, set())
        for call, these in (
            (self._elb.register_targets, wanted - known),
            (self._elb.deregister_targets, known - wanted),
        ):
            if these:
                listed = [{"Id": address, "Port": port} for address, port in sorted(these)]
                call(TargetGroupArn=arn, Targets=listed)
        self._registered[arn] = wanted

    def remove(self, stack: str, name: str) -> None:
        """Remove a load balancer with its target groups and its security group."""
        found = self._find(name)
        if found is not None:
            arn = found["LoadBalancerArn"]
            for listener in self._elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]:
                self._elb.delete_listener(ListenerArn=listener["ListenerArn"])
            # Who asks for a protected one is refused before (`wanted.protected`).
            self._elb.modify_load_balancer_attributes(
                LoadBalancerArn=arn,
                Attributes=attributes([("deletion_protection.enabled", "false")]),
            )
            self._elb.delete_load_balancer(LoadBalancerArn=arn)
        self._drop(stack, set())
        for group in self._groups_of(name):
            self._ec2.delete_security_group(GroupId=group)

    def _drop_groups(self, balancer: Balancer, keep: set[str]) -> None:
        self._drop(balancer.stack, keep)

    def _drop(self, stack: str, keep: set[str]) -> None:
        every = self._elb.describe_target_groups()["TargetGroups"]
        for group in every:
            if group["TargetGroupName"] in keep:
                continue
            arn = group["TargetGroupArn"]
            described = self._elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]
            own = {tag["Key"]: tag["Value"] for tag in described}
            if own.get("ingress.k8s.aws/stack") == stack:
                self._elb.delete_target_group(TargetGroupArn=arn)

    def _find(self, name: str) -> Dict | None:
        every = self._elb.describe_load_balancers()["LoadBalancers"]
        return next((each for each in every if each["LoadBalancerName"] == name), None)

    def _subnets(self, balancer: Balancer) -> list[str]:
        if balancer.subnets:
            return list(balancer.subnets)
        role = "elb" if balancer.scheme == "internet-facing" else "internal-elb"
        tag = f"kubernetes.io/role/{role}"
        found = self._ec2.describe_subnets(
            Filters=[
                {"Name": "vpc-id", "Values": [self._vpc]},
                {"Name": f"tag:{tag}", "Values": ["1", ""]},
            ]
        )["Subnets"]
        if len({each["AvailabilityZone"] for each in found}) < 2:
            raise Refused(
                f"couldn't auto-discover subnets: {len(found)} of {self._vpc} carry the tag {tag}, "
                "and a load balancer needs them in two zones"
            )
        return sorted(each["SubnetId"] for each in found)

    def _groups_of(self, name: str) -> list[str]:
        filters = [
            {"Name": "vpc-id", "Values": [self._vpc]},
            {"Name": "group-name", "Values": [name]},
        ]
        answer = self._ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
        return [str(each["GroupId"]) for each in answer]

    def _security_group(self, balancer: Balancer) -> str:
        known = self._groups_of(balancer.name)
        if not known:
            specification = {
                "ResourceType": "security-group",
                "Tags": tags(self._tags(balancer, "ManagedLBSecurityGroup")),
            }
            made = self._ec2.create_security_group(
                GroupName=balancer.name,
                Description="[k8s] Managed SecurityGroup for LoadBalancer",
                VpcId=self._vpc,
                TagSpecifications=[specification],
            )
            known = [str(made["GroupId"])]
        self._rules(known[0], balancer)
        return known[0]

    def _rules(self, group: str, balancer: Balancer) -> None:
        """Let a security group have exactly the rules of its load balancer."""
        described = self._ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
        there = {
            (rule["FromPort"], entry[key])
            for rule in described["IpPermissions"]
            for ranges, key in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6"))
            for entry in rule.get(ranges, [])
        }
        asked = {(each.port, cidr) for each in balancer.listeners for cidr in balancer.cidrs}
        for call, these in (
            (self._ec2.authorize_security_group_ingress, asked - there),
            (self._ec2.revoke_security_group_ingress, there - asked),
        ):
            for port, cidr in sorted(these):
                ranges, key = ("Ipv6Ranges", "CidrIpv6") if ":" in cidr else ("IpRanges", "CidrIp")
                rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
                call(GroupId=group, IpPermissions=[{**rule, ranges: [{key: cidr}]}])

    def _tags(self, balancer: Balancer, resource: str) -> dict[str, str]:
        return {
            **self._default_tags,
            **dict(balancer.tags),
            "elbv2.k8s.aws/cluster": self._cluster,
            "ingress.k8s.aws/stack": balancer.stack,
            "ingress.k8s.aws/resource": resource,
        }


def conditions(rule: Rule) -> list[Dict]:
    """A rule's conditions as the API takes them."""
    found: list[Dict] = [
        {"Field": "path-pattern", "PathPatternConfig": {"Values": list(rule.paths)}}
    ]
    if rule.host:
        found.append({"Field": "host-header", "HostHeaderConfig": {"Values": [rule.host]}})
    return found


def name_of(stack: str) -> str:
    """The load balancer's name of a stack."""
    return short("k8s", *stack.split("/"), key=stack)
