"""What the emulated account has: the tags of its resources, and what else conditions ask about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Tags = dict[str, str]


def tags_in(found: Any) -> Tags:
    """Tags in any of the shapes in which ministack keeps them."""
    if isinstance(found, Mapping):
        return {str(key): str(value) for key, value in found.items()}
    pairs: Iterable[Mapping[str, Any]] = found or ()
    return {
        str(tag.get("Key", tag.get("TagKey", tag.get("key")))): str(
            tag.get("Value", tag.get("TagValue", tag.get("value", "")))
        )
        for tag in pairs
    }


@dataclass(frozen=True)
class Records:
    """The stores of ministack's services. load: a module by the service's name."""

    load: Callable[[str], Any]

    def tags(self, arn: str) -> Tags:
        """The tags of a resource; none when it has none, or is not there."""
        service, resource = arn.split(":")[2], arn.split(":", 5)[5]
        last = resource.rpartition("/")[2]
        if service == "ec2":
            return tags_in(self.load("ec2")._tags.get(last))
        if service in ("rds", "elasticache"):
            return tags_in(self.load(service)._tags.get(arn))
        if service == "elasticloadbalancing":
            return tags_in(self.load("alb")._tags.get(arn))
        if service == "eks":
            return self._eks(arn)
        return tags_in(self._record(service, resource, arn))

    def _record(self, service: str, resource: str, arn: str) -> Any:
        kind, _, name = resource.partition("/")
        if service == "acm":
            return (self.load("acm")._certificates.get(arn) or {}).get("Tags")
        if service == "iam":
            return self._iam(kind, name, arn)
        if service == "kms":
            return (self.load("kms")._keys.get(name) or {}).get("Tags")
        if service == "secretsmanager":
            return (self.load("secretsmanager")._resolve(arn)[1] or {}).get("Tags")
        if service == "ecr":
            return (self.load("ecr")._repositories.get(name) or {}).get("tags")
        if service == "logs":
            group = resource.removeprefix("log-group:").partition(":")[0]
            return (self.load("cloudwatch_logs")._log_groups.get(group) or {}).get("tags")
        if service == "autoscaling":
            group = self.load("autoscaling")._asgs.get(name)
            return group["Tags"] if group else None
        return None

    def _iam(self, kind: str, name: str, arn: str) -> Any:
        iam = self.load("iam")
        name = name.rpartition("/")[2] if kind != "oidc-provider" else arn
        store = {
            "role": iam._roles,
            "user": iam._users,
            "instance-profile": iam._instance_profiles,
            "oidc-provider": iam._oidc_providers,
            "policy": iam._policies,
        }.get(kind, {})
        return (store.get(arn if kind == "policy" else name) or {}).get("Tags")

    def _eks(self, arn: str) -> Tags:
        """By the ARN's start where its end is a random one."""
        tags = self.load("eks")._tags
        if not arn.endswith("*"):
            return tags_in(tags.get(arn))
        return next((tags_in(each) for name, each in tags.items() if name.startswith(arn[:-1])), {})

    def role(self, name: str) -> dict[str, Any]:
        """A role; an empty one when there is none."""
        found: dict[str, Any] = self.load("iam")._roles.get(name) or {}
        return found

    def key(self, name: str) -> str:
        """The ARN of a key by its id, ARN or alias; empty when there is none such."""
        kms = self.load("kms")
        if "alias/" in name:
            ends = f":{name.rpartition(':')[2]}"
            name = next((key for arn, key in kms._aliases.items() if arn.endswith(ends)), "")
        return str((kms._keys.get(name.rpartition("/")[2]) or {}).get("Arn", ""))

    def aliases(self, key: str) -> list[str]:
        """The aliases of a key."""
        ident = key.rpartition("/")[2]
        aliases = self.load("kms")._aliases.items()
        return sorted(arn.split(":", 5)[5] for arn, target in aliases if target == ident)

    def vpc(self, arn: str) -> str:
        """The VPC of a subnet or a security group."""
        ec2 = self.load("ec2")
        kind, _, name = arn.split(":", 5)[5].partition("/")
        store = {"subnet": ec2._subnets, "security-group": ec2._security_groups}.get(kind, {})
        return str((store.get(name) or {}).get("VpcId", ""))
