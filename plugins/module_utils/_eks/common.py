# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What all EKS resources share: how they end, how an update is followed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ..aws import AwsError, Dict, call, require_region, tag_changes, wait_until
from ..reconcile import Api, Connect, Plan, reconcile

GONE = ("ResourceNotFoundException",)
# EKS's words for "not now": an update is in progress, also one that a description does not show
# yet, or that AWS began by itself.
AT_WORK = re.compile(
    r"update .*in progress|not in active (state|status)|currently in \w+ state", re.IGNORECASE
)
AT_WORK_CODES = ("ResourceInUseException", "InvalidRequestException")
# What to do about what EKS reports, by its codes (health issues and errors of updates).
REMEDIES: Mapping[str, str] = {
    "AccessDenied": (
        "check the policies of the role and the service control policies of the account"
    ),
    "AdmissionRequestDenied": (
        "an admission webhook of the cluster refused it: check the rules of the webhook"
    ),
    "AsgInstanceLaunchFailures": (
        "see the activities of the Auto Scaling group for the reason of EC2"
    ),
    "ConfigurationConflict": (
        "another manager owns the same Kubernetes fields: remove its ownership"
    ),
    "Ec2LaunchTemplateVersionMismatch": "the node group was changed by hand: run the role again",
    "IamNodeRoleNotFound": "create the IAM role of the nodes again, with the same name",
    "InstanceLimitExceeded": "request a higher quota of EC2 vCPUs, or use smaller instance types",
    "InsufficientFreeAddresses": "free addresses in the subnets, or add larger subnets",
    "InsufficientNumberOfReplicas": "no node has room for its pods: check the node groups",
    "IpNotAvailable": "free addresses in the subnets, or add larger subnets",
    "KmsKeyDisabled": "enable the key",
    "KmsKeyMarkedForDeletion": "cancel the deletion of the key",
    "NodeCreationFailure": (
        "the nodes could not join. They must reach the API server, ECR, EC2, STS and S3 (by NAT or"
        " endpoints), and their IAM role needs its policies"
    ),
    "PodEvictionFailure": (
        "a PodDisruptionBudget protects pods on these nodes: relax it, or force the update"
    ),
}


T = TypeVar("T")


def at_work(error: AwsError) -> bool:
    """Whether AWS refused a call since it is at work on the same thing: it takes it later."""
    return error.code in AT_WORK_CODES and AT_WORK.search(str(error)) is not None


class Session(Api):
    """EKS during one module run, and how long its work is waited for.

    Args:
        eks: boto3 client.
        check_mode: if true nothing is sent that changes anything.
        wait: whether to wait until AWS is done.
        timeout: seconds per wait.
    """

    def __init__(self, eks: Any, check_mode: bool = False, *, wait: bool, timeout: float) -> None:
        super().__init__(eks, check_mode)
        self.eks = eks
        self.wait = wait
        self.timeout = timeout

    def quiet(self) -> Session:
        """Return the same, with which nothing is sent that changes EKS."""
        return Session(self.eks, check_mode=True, wait=self.wait, timeout=self.timeout)

    def insist(self, about: str, attempt: Callable[[], T]) -> T:
        """Do it again while AWS is at work on the same thing. Returns what `attempt` does.

        attempt: looks anew at what there is, since the update that was in its way may have brought
        what it is about. Raises AwsError, which names that update after the time-out.
        """
        done: list[T] = []

        def probe() -> str | None:
            try:
                done.append(attempt())
            except AwsError as error:
                if not at_work(error):
                    raise
                return str(error)
            return None

        wait_until(about, probe, timeout=self.timeout)
        return done[0]

    def follow(self, answer: Mapping[str, Any], about: str, **which: str) -> None:
        """Wait for the update that a call began. EKS takes one at a time, so this is not optional.

        which: what the update is of, as describe_update wants it. Raises AwsError.
        """
        update = answer.get("update")
        if not update or update.get("status") == "Successful":
            return

        def probe() -> str | None:
            found = call(self.eks, "describe_update", about, updateId=update["id"], **which) or {}
            status = found["update"]["status"]
            if status in ("Failed", "Cancelled"):
                errors = found["update"].get("errors", [])
                raise AwsError(f"{about}: {update.get('type')} {status}: {reasons(errors)}")
            return None if status == "Successful" else f"{update.get('type')} {status}"

        wait_until(about, probe, timeout=self.timeout)

    def tag(
        self, arn: str, current: Mapping[str, str], wanted: Mapping[str, str] | None, about: str
    ) -> None:
        """Set the tags that differ. Others' tags stay: purging is not ours to do here."""
        to_set, _ = tag_changes(current, wanted, purge=False)
        if to_set:
            self.write("tag_resource", about, resourceArn=arn, tags=to_set)


def conclude(
    module: Any, run: Callable[[Any, Connect], tuple[bool, Dict, Dict]], returned: str
) -> None:
    """Bring several things of a cluster to their state, and end the module.

    run: of module and connect, returns (changed, before by name, after by name); returned: what
    the result calls the last of these.
    """
    require_region(module)

    def bring(module: Any, plan: Plan, connect: Connect) -> Dict:
        changed, before, after = run(module, connect)
        # One that somebody else is deleting is awaited only, and no change of ours.
        for name in {**before, **after} if changed else ():
            plan.record(name, before.get(name), after.get(name))
        return {returned: after}

    reconcile(module, bring)


def session(module: Any, connect: Connect) -> Session:
    """The session of a module; without the options `wait` and `wait_timeout` it waits for none."""
    return Session(
        connect("eks").client,
        check_mode=module.check_mode,
        wait=module.params.get("wait", False),
        timeout=module.params.get("wait_timeout", 0),
    )


def reasons(issues: list[Dict]) -> str:
    """EKS's own words for what is wrong (of `errors` or `health.issues`), and what to do."""
    told = []
    for issue in issues:
        code = str(issue.get("code") or issue.get("errorCode"))
        text = f"{code}: {issue.get('message') or issue.get('errorMessage')}"
        if resources := issue.get("resourceIds"):
            text += f" ({', '.join(resources)})"
        told.append(f"{text} - {REMEDIES[code]}" if code in REMEDIES else text)
    return "; ".join(told) or "AWS gives no reason; see the resource in the EKS console"


def merged_tags(current: Mapping[str, str], wanted: Mapping[str, str] | None) -> dict[str, str]:
    """The tags after a run."""
    return {**current, **{key: str(value) for key, value in (wanted or {}).items()}}
