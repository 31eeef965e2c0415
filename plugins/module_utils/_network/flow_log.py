# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""A VPC's flow log with its log group and the role by which AWS writes into it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from .. import ownership, spreading
from ..aws import AwsError, tag_dict, wait_until
from ..reconcile import UNKNOWN, Api, Plan, missing_tags, tag_list
from ..resources import iam_role, log_group

Item = dict[str, Any]
POLICY = "write-flow-logs"
THERE = "existing Flow Log"
"""How EC2 says that it has one; as an error, or in an answer with a code of its own."""
NOT_YET = "assume given IAM role"
"""How an answer says that IAM has yet to spread the role; `spreading` knows it as an error."""


@dataclass
class Run:
    """What the steps need. options: the module's, with kms_key_arn; warnings: for the user."""

    ec2: Api
    logs: Api
    iam: Api
    plan: Plan
    options: dict[str, Any]
    account: str = ""
    partition: str = "aws"
    warnings: list[str] = field(default_factory=list)

    @property
    def group(self) -> str:
        """Return the log group's name."""
        return f"/aws/vpc/{self.options['name']}/flow-logs"

    @property
    def role(self) -> str:
        """Return the role's name."""
        return f"{self.options['name']}-flow-logs"

    @property
    def role_arn(self) -> str:
        """Return the role's ARN, known before the role exists."""
        return f"arn:{self.partition}:iam::{self.account}:role/{self.role}"

    @property
    def boundary(self) -> str | None:
        """Return the ARN of the policy that bounds the role."""
        return iam_role.boundary_of(
            self.options["permissions_boundary"], self.partition, self.account
        )

    @property
    def group_arn(self) -> str:
        """Return the log group's ARN."""
        region = self.options["region"]
        return f"arn:{self.partition}:logs:{region}:{self.account}:log-group:{self.group}"

    def tags(self, name: str) -> dict[str, str]:
        """Return the wanted tags as texts."""
        return {key: str(value) for key, value in self.options["tags"].items()} | {"Name": name}


def foreseen(run: Run) -> Run:
    """Return a run that sends nothing: whose each thing is, before the first is made or removed."""
    ec2, logs, iam = (each.quiet() for each in (run.ec2, run.logs, run.iam))
    return replace(run, ec2=ec2, logs=logs, iam=iam, plan=Plan(), warnings=[])


def ensure_group(run: Run) -> None:
    """Make or repair the log group: retention, key and tags."""
    options = run.options
    wanted = log_group.Wanted(
        run.group,
        options["retention_days"],
        options["kms_key_arn"] or "",
        run.tags(run.group),
        service_made=False,
    )
    log_group.ensure_present(run.logs, run.plan, wanted)


def trust(run: Run) -> Item:
    """Return the trust policy: only flow logs of this account and region may use the role."""
    source = f"arn:{run.partition}:ec2:{run.options['region']}:{run.account}:vpc-flow-log/*"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": run.account},
            "ArnLike": {"aws:SourceArn": source},
        },
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def permissions(run: Run) -> Item:
    """Return the role's policy: write into this log group, and make none."""
    write = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        "Resource": [run.group_arn, f"{run.group_arn}:*"],
    }
    # The service looks for the group first, and AWS can't limit that to one.
    look = {"Effect": "Allow", "Action": "logs:DescribeLogGroups", "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [write, look]}


def ensure_role(run: Run) -> None:
    """Make or repair the role: trust, its one policy and tags."""
    wanted = iam_role.Wanted(
        run.role,
        trust(run),
        run.tags(run.role),
        policies={POLICY: permissions(run)},
        permissions_boundary=run.boundary,
        description=f"Flow logs of {run.options['name']}",
    )
    iam_role.ensure_present(run.iam, run.plan, wanted)


def ensure_log(run: Run) -> str:
    """Make the flow log; one with other settings is replaced, since AWS can't change it."""
    label = f"flow log {run.options['name']}"
    tags = run.tags(run.options["name"])
    wanted = {
        "vpc_id": run.options["vpc_id"],
        "traffic": "ALL",
        "interval": run.options["interval"],
        "role": run.role_arn,
    }
    logs = _find_logs(run)
    fitting = [item for item in logs if _settings(item) == wanted]
    if fitting:
        return _keep(run, label, fitting[0], wanted, tags)
    for item in logs:
        run.plan.record(label, _settings(item), {**wanted, "tags": tags})
    _delete_logs(run, label, logs)
    made, log = _create_or_find(run, label, wanted, tags)
    # One that took the place of the deleted ones is a change, whoever made it.
    if log is not None and logs:
        return str(log["FlowLogId"])
    if log is not None:
        return _keep(run, label, log, wanted, tags)
    if not logs:
        run.plan.record(label, None, {**wanted, "tags": tags})
    return made


def _settings(item: Item) -> Item:
    """Return the settings of a flow log, which AWS can't change."""
    return {
        "vpc_id": item["ResourceId"],
        "traffic": item.get("TrafficType"),
        "interval": item.get("MaxAggregationInterval", 600),
        "role": item.get("DeliverLogsPermissionArn"),
    }


def _keep(run: Run, label: str, item: Item, settings: Item, tags: dict[str, str]) -> str:
    """Keep a log that has these settings: repair its tags, and tell when it delivers nothing."""
    seen = tag_dict(item.get("Tags"))
    shown = {key: seen[key] for key in tags if key in seen}
    run.plan.record(label, {**settings, "tags": shown}, {**settings, "tags": tags})
    if missing := missing_tags(seen, tags):
        run.ec2.write("create_tags", label, Resources=[item["FlowLogId"]], Tags=tag_list(missing))
    if item.get("DeliverLogsStatus") == "FAILED":
        run.warnings.append(
            f"{label} ({item['FlowLogId']}) delivers nothing: "
            f"{item.get('DeliverLogsErrorMessage', 'AWS gives no reason')}."
        )
    return str(item["FlowLogId"])


def _find_logs(run: Run, *, removal: bool = False) -> list[Item]:
    """Return our flow logs that write into our log group, and are no other VPC's.

    removal: whether they are to go; then another's is none of our business.

    Raises:
        AwsError: another's writes into our log group, too, so that each record would be paid twice.
    """
    vpc_id = run.options.get("vpc_id")
    if vpc_id == UNKNOWN:
        return []
    found = run.ec2.pages(
        "describe_flow_logs",
        "FlowLogs",
        f"flow logs of {run.options['name']}",
        Filter=[{"Name": "log-group-name", "Values": [run.group]}],
    )
    found = [item for item in found if item.get("LogGroupName") == run.group]
    tags = run.tags(run.options["name"])
    ours = []
    for item in found:
        if vpc_id not in (None, item["ResourceId"]):
            continue
        seen = tag_dict(item.get("Tags"))
        if ownership.is_takeable(seen, tags):
            ours.append(item)
            continue
        refuse = ownership.refuse_damaged if removal else ownership.refuse_others
        refuse(f"flow log {item['FlowLogId']} into {run.group}", seen, tags)
    return ours


def _create_or_find(
    run: Run, label: str, wanted: Item, tags: dict[str, str]
) -> tuple[str, Item | None]:
    """Make the log; return its id, or the log that AWS has and had not told of.

    AWS tells late of a log that was made just before, and of one that was deleted: to make
    another is refused meanwhile.
    """
    made: str = UNKNOWN
    there: Item | None = None

    def probe() -> str | None:
        nonlocal made, there
        try:
            made = _create_log(run, label, tags)
        except AwsError as error:
            if NOT_YET in str(error):
                return str(error)
            if THERE not in str(error):
                raise
            fitting = [item for item in _find_logs(run) if _settings(item) == wanted]
            there = fitting[0] if fitting else None
            return None if fitting else f"{error}. EC2 has yet to tell of it, or to remove it"
        return None

    wait_until(label, probe, timeout=spreading.TIMEOUT, interval=5)
    return made, there


def _create_log(run: Run, label: str, tags: dict[str, str]) -> str:
    answer = run.ec2.write(
        "create_flow_logs",
        label,
        ResourceIds=[run.options["vpc_id"]],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="cloud-watch-logs",
        LogGroupName=run.group,
        DeliverLogsPermissionArn=run.role_arn,
        MaxAggregationInterval=run.options["interval"],
        TagSpecifications=[{"ResourceType": "vpc-flow-log", "Tags": tag_list(tags)}],
    )
    for refused in answer.get("Unsuccessful", []):
        raise AwsError(
            f"AWS refused the flow log of {refused.get('ResourceId')}:"
            f" {refused['Error']['Message']}. Remove the cause, then run again."
        )
    made: list[str] = answer.get("FlowLogIds", [])
    return made[0] if made else UNKNOWN


def _delete_logs(run: Run, label: str, items: list[Item]) -> None:
    if items:
        ids = [item["FlowLogId"] for item in items]
        run.ec2.write("delete_flow_logs", label, FlowLogIds=ids)


def remove(run: Run) -> None:
    """Remove flow log, role and log group, in that order: nothing writes any more then."""
    label = f"flow log {run.options['name']}"
    items = _find_logs(run, removal=True)
    for item in items:
        run.plan.record(label, {"id": item["FlowLogId"]}, None)
    _delete_logs(run, label, items)
    iam_role.ensure_absent(run.iam, run.plan, run.role, run.options["tags"])
    log_group.ensure_absent(
        run.logs,
        run.plan,
        lambda: log_group.called(run.logs, run.group),
        run.options["tags"],
        service_made=False,
    )
