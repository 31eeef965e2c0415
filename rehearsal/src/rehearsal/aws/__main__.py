"""Serve the emulated AWS: `python -m rehearsal.aws`, its settings from the environment."""

from __future__ import annotations

import asyncio
import importlib
import os
from pathlib import Path
from typing import Any

from rehearsal.aws.cognito.pages import UserPools
from rehearsal.aws.corrections import Surroundings, apply, service
from rehearsal.aws.eks import access, token_issuer
from rehearsal.aws.elasticache.server import RedisServer
from rehearsal.aws.rds.server import PostgresServer
from rehearsal.aws.wire.requestlog import RequestLog
from rehearsal.aws.wire.transport import AsOverTls
from rehearsal.names import ACCESS_PORT, COGNITO_PORT, KUBERNETES_PORT, OIDC_PORT
from rehearsal.world import COGNITO_ADDRESS, OIDC_ADDRESS


def main() -> None:
    """Correct ministack's services, then serve its application with a request log."""
    world = Path(os.environ["REHEARSAL_WORLD"])
    keys = world / "cluster/pki/jwks.json"
    application = apply(
        Surroundings(
            folder=world,
            postgres=PostgresServer(),
            redis=RedisServer(world / "redis/administrator"),
            cluster_ca=world / "cluster/pki/ca.crt",
            cluster_port=KUBERNETES_PORT,
            token_keys=keys,
            decisions=world / "aws_decisions.jsonl",
        )
    )
    eks = service("eks")
    token_life = float(os.environ.get("AWS_EKS_TOKEN_SECONDS", access.LIFE))
    asyncio.run(
        serve(
            (
                RequestLog(AsOverTls(application), world / "aws_requests.jsonl"),
                f"0.0.0.0:{os.environ['GATEWAY_PORT']}",
                None,
            ),
            (access.ClusterAccess(eks, token_life), f"127.0.0.1:{ACCESS_PORT}", None),
            (token_issuer.Issuer(eks, keys), f"{OIDC_ADDRESS}:{OIDC_PORT}", world / "oidc"),
            (UserPools(application), f"{COGNITO_ADDRESS}:{COGNITO_PORT}", world / "cognito"),
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
