"""The groups in AWS, as the role of the service account may see and resize them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.credentials import RefreshableCredentials
from botocore.session import get_session

from rehearsal.names import AWS, AWS_PORT

Dict = dict[str, Any]

MARKS = ("k8s.io/cluster-autoscaler/enabled", "k8s.io/cluster-autoscaler/{cluster}")
"""Tags by which a group is found."""


@dataclass(frozen=True)
class Identity:
    """Who calls: role is an ARN; token makes a web identity token for it."""

    role: str
    token: Callable[[], str]


class Cloud:
    """Auto Scaling and EKS."""

    def __init__(
        self,
        cluster: str,
        region: str,
        identity: Identity,
        endpoint: str = f"http://{AWS}:{AWS_PORT}",
    ) -> None:
        self._cluster, self._region = cluster, region
        self._identity, self._endpoint = identity, endpoint
        session: Any = get_session()
        # botocore has no public way to give a session credentials that renew themselves.
        session._credentials = RefreshableCredentials.create_from_metadata(
            self._assume(), self._assume, "assume-role-with-web-identity"
        )
        ours = boto3.Session(botocore_session=session, region_name=region)
        self._scaling: Any = ours.client("autoscaling", endpoint_url=endpoint)
        self._eks: Any = ours.client("eks", endpoint_url=endpoint)

    def _assume(self) -> dict[str, str]:
        sts = boto3.client(
            "sts",
            region_name=self._region,
            endpoint_url=self._endpoint,
            config=Config(signature_version=UNSIGNED),
        )
        made = sts.assume_role_with_web_identity(
            RoleArn=self._identity.role,
            RoleSessionName="cluster-autoscaler",
            WebIdentityToken=self._identity.token(),
        )["Credentials"]
        return {
            "access_key": made["AccessKeyId"],
            "secret_key": made["SecretAccessKey"],
            "token": made["SessionToken"],
            "expiry_time": made["Expiration"].isoformat(),
        }

    def groups(self) -> list[Dict]:
        """The groups that are marked as this cluster's, each with its node group as `of`."""
        marks = [mark.format(cluster=self._cluster) for mark in MARKS]
        answer = self._scaling.describe_auto_scaling_groups(
            Filters=[{"Name": "tag-key", "Values": [mark]} for mark in marks]
        )
        return [{**each, "of": self._node_group(each)} for each in answer["AutoScalingGroups"]]

    def _node_group(self, group: Dict) -> Dict:
        """Labels and taints: a group without a node tells them by nothing else."""
        tags = {tag["Key"]: tag["Value"] for tag in group["Tags"]}
        found: Dict = self._eks.describe_nodegroup(
            clusterName=self._cluster, nodegroupName=tags["eks:nodegroup-name"]
        )["nodegroup"]
        return found

    def resize(self, group: str, desired: int) -> None:
        """Let a group have that many instances."""
        self._scaling.set_desired_capacity(
            AutoScalingGroupName=group, DesiredCapacity=desired, HonorCooldown=False
        )

    def end(self, instance: str) -> None:
        """End an instance; its group is one smaller then."""
        self._scaling.terminate_instance_in_auto_scaling_group(
            InstanceId=instance, ShouldDecrementDesiredCapacity=True
        )
