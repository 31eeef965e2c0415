"""Serve the emulated AWS: `python -m rehearsal.aws`, its settings from the environment."""

from __future__ import annotations

import asyncio
import importlib
import os
from pathlib import Path
from typing import Any

from rehearsal.aws import (
    account,
    backups,
    certificates,
    cluster_access,
    decisions,
    dropped,
    eks,
    eks_oidc,
    eks_records,
    elasticache,
    hosted_zones,
    iam_tags,
    instances,
    launches,
    logs,
    network,
    oidc,
    rds,
    scaling_groups,
    service_roles,
    sessions,
    target_health,
    web_identity,
)
from rehearsal.aws.data import PostgresServer, RedisServer
from rehearsal.aws.regions import DisabledRegions
from rehearsal.aws.repeats import Repeats
from rehearsal.aws.requestlog import RequestLog
from rehearsal.aws.spread import Settings, Spread
from rehearsal.aws.transport import AsOverTls
from rehearsal.names import ACCESS_PORT, KUBERNETES_PORT, OIDC_PORT
from rehearsal.world import OIDC_ADDRESS


def main() -> None:
    """Adjust ministack's services, then serve its application with a request log."""
    world = Path(os.environ["REHEARSAL_WORLD"])
    app = importlib.import_module("ministack.app")
    service = "ministack.services."
    rds_service = importlib.import_module(service + "rds")
    secrets = importlib.import_module(service + "secretsmanager")
    rds.adjust(rds_service, secrets, PostgresServer())
    dropped.adjust_rds(rds_service)
    backups.adjust(rds_service)
    elasticache_service = importlib.import_module(service + "elasticache")
    elasticache.adjust(elasticache_service, RedisServer(world / "redis/administrator"))
    dropped.adjust_elasticache(elasticache_service)
    eks_service = importlib.import_module(service + "eks")
    eks.adjust(
        eks_service,
        certificate=world / "cluster/pki/ca.crt",
        port=KUBERNETES_PORT,
    )
    ec2 = importlib.import_module(service + "ec2")
    instances.adjust(ec2, world / "machines.json")
    network.adjust(ec2)
    eks_records.adjust_templates(ec2)
    autoscaling = importlib.import_module(service + "autoscaling")
    scaling_groups.adjust(eks_service, autoscaling, ec2)
    balancers = importlib.import_module(service + "alb")
    network.adjust_balancers(balancers, ec2)
    target_health.adjust(balancers, world / "target_health.json")
    names = importlib.import_module(service + "route53")
    hosted_zones.adjust(names, balancers, Settings.of(os.environ).reads)
    tagging = importlib.import_module(service + "tagging")
    certificates.adjust(importlib.import_module(service + "acm"), names, balancers, tagging)
    eks_oidc.adjust(importlib.import_module(service + "iam"))
    logs.adjust(importlib.import_module(service + "cloudwatch_logs"))
    oidc.adjust(eks_service)
    evaluator = importlib.import_module("ministack.core.iam_evaluator")
    decisions.adjust(evaluator, world / "aws_decisions.jsonl")
    keys = world / "cluster/pki/jwks.json"
    iam_service = importlib.import_module(service + "iam")
    service_roles.adjust(iam_service, lambda name: importlib.import_module(service + name))
    iam_tags.adjust(iam_service)
    sessions.adjust(importlib.import_module(service + "ssm"), ec2, iam_service)
    here = account.Account(world / "account.json")
    account.adjust(ec2, here)
    launches.adjust(app, ec2, here)
    web_identity.adjust(importlib.import_module(service + "sts"), iam_service, keys)
    spread = Spread(DisabledRegions(app.app, here), Settings.of(os.environ))
    token_life = float(os.environ.get("AWS_EKS_TOKEN_SECONDS", cluster_access.LIFE))
    asyncio.run(
        serve(
            (
                RequestLog(AsOverTls(Repeats(spread)), world / "aws_requests.jsonl"),
                f"0.0.0.0:{os.environ['GATEWAY_PORT']}",
                None,
            ),
            (
                cluster_access.ClusterAccess(eks_service, token_life),
                f"127.0.0.1:{ACCESS_PORT}",
                None,
            ),
            (oidc.Issuer(eks_service, keys), f"{OIDC_ADDRESS}:{OIDC_PORT}", world / "oidc"),
        )
    )


async def serve(*servers: tuple[Any, str, Path | None]) -> None:
    """Serve (application, address, folder of server.crt and server.key or None) side by side."""
    config = importlib.import_module("hypercorn.config")
    start = importlib.import_module("hypercorn.asyncio").serve
    running = []
    for application, address, folder in servers:
        settings = config.Config()
        settings.bind = [address]
        settings.keep_alive_timeout = 75
        settings.accesslog = None
        if folder:
            settings.certfile = str(folder / "server.crt")
            settings.keyfile = str(folder / "server.key")
        running.append(start(application, settings))
    await asyncio.gather(*running)


main()
