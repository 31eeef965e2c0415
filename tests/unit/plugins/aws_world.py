"""Serve the emulated AWS with the rehearsal's adjustments and its log of requests.

Runs under ministack's own Python: `python aws_world.py LOG`, with GATEWAY_PORT and
rehearsal/src on PYTHONPATH. No server stands behind RDS: that is the rehearsal's to test.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from pathlib import Path
from typing import Any

from rehearsal.aws import (
    account,
    backups,
    certificates,
    decisions,
    dropped,
    eks,
    eks_oidc,
    eks_records,
    hosted_zones,
    iam_tags,
    instances,
    launches,
    logs,
    network,
    rds,
    scaling_groups,
    service_roles,
    sessions,
    target_health,
)
from rehearsal.aws.regions import DisabledRegions
from rehearsal.aws.repeats import Repeats
from rehearsal.aws.requestlog import RequestLog
from rehearsal.aws.spread import Settings, Spread
from rehearsal.aws.transport import AsOverTls


class NoServer:
    """Takes what a database server would be told, and does nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


def adjusted() -> Any:
    """Adjust ministack's services. Returns its application."""
    service = "ministack.services."
    app = importlib.import_module("ministack.app")
    rds_service = importlib.import_module(service + "rds")
    secrets = importlib.import_module(service + "secretsmanager")
    rds.adjust(rds_service, secrets, NoServer())  # type: ignore[arg-type]
    dropped.adjust_rds(rds_service)
    backups.adjust(rds_service)
    dropped.adjust_elasticache(importlib.import_module(service + "elasticache"))
    eks_service = importlib.import_module(service + "eks")
    eks.adjust(eks_service, Path("no-certificate"), port=1)
    ec2 = importlib.import_module(service + "ec2")
    instances.adjust(ec2, Path(sys.argv[1]).with_name("machines.json"))
    network.adjust(ec2)
    eks_records.adjust_templates(ec2)
    autoscaling = importlib.import_module(service + "autoscaling")
    scaling_groups.adjust(eks_service, autoscaling, ec2)
    balancers = importlib.import_module(service + "alb")
    network.adjust_balancers(balancers, ec2)
    target_health.adjust(balancers, Path(sys.argv[1]).with_name("target_health.json"))
    names = importlib.import_module(service + "route53")
    hosted_zones.adjust(names, balancers, Settings.of(os.environ).reads)
    tagging = importlib.import_module(service + "tagging")
    certificates.adjust(importlib.import_module(service + "acm"), names, balancers, tagging)
    iam = importlib.import_module(service + "iam")
    eks_oidc.adjust(iam)
    service_roles.adjust(iam, lambda name: importlib.import_module(service + name))
    iam_tags.adjust(iam)
    sessions.adjust(importlib.import_module(service + "ssm"), ec2, iam)
    logs.adjust(importlib.import_module(service + "cloudwatch_logs"))
    evaluator = importlib.import_module("ministack.core.iam_evaluator")
    if "AWS_DECISIONS" in os.environ:
        decisions.adjust(evaluator, Path(os.environ["AWS_DECISIONS"]))
    here = account.Account(Path(sys.argv[1]).with_name("account.json"))
    account.adjust(ec2, here)
    launches.adjust(app, ec2, here)
    return Repeats(Spread(DisabledRegions(app.app, here), Settings.of(os.environ)))


async def serve(application: Any, port: int, **options: Any) -> None:
    """Serve an application on loopback; options: hypercorn's, such as its end."""
    settings = importlib.import_module("hypercorn.config").Config()
    settings.bind = [f"127.0.0.1:{port}"]
    settings.accesslog = None
    await importlib.import_module("hypercorn.asyncio").serve(application, settings, **options)


def main() -> None:
    """Serve, and log each request into the file that is named."""
    application = RequestLog(AsOverTls(adjusted()), Path(sys.argv[1]))
    asyncio.run(serve(application, int(os.environ["GATEWAY_PORT"])))


if __name__ == "__main__":
    main()
