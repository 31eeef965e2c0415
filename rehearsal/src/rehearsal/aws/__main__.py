"""Serve the emulated AWS: `python -m rehearsal.aws`, its settings from the environment."""

from __future__ import annotations

import asyncio
import importlib
import os
from pathlib import Path

from rehearsal.aws import backups, dropped, eks, eks_oidc, elasticache, logs, network, rds
from rehearsal.aws.data import PostgresServer, RedisServer
from rehearsal.aws.requestlog import RequestLog
from rehearsal.names import KUBERNETES_PORT


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
    eks.adjust(
        importlib.import_module(service + "eks"),
        certificate=world / "cluster/pki/ca.crt",
        port=KUBERNETES_PORT,
    )
    network.adjust(importlib.import_module(service + "ec2"))
    eks_oidc.adjust(importlib.import_module(service + "iam"))
    logs.adjust(importlib.import_module(service + "cloudwatch_logs"))
    hypercorn = importlib.import_module("hypercorn.config")
    settings = hypercorn.Config()
    settings.bind = [f"0.0.0.0:{os.environ['GATEWAY_PORT']}"]
    settings.keep_alive_timeout = 75
    settings.accesslog = None
    serve = importlib.import_module("hypercorn.asyncio").serve
    asyncio.run(serve(RequestLog(app.app, world / "aws_requests.jsonl"), settings))


main()
