"""Serve the emulated AWS with the rehearsal's adjustments and its log of requests.

Runs under ministack's own Python: `python emulator_server.py LOG`, with GATEWAY_PORT and
rehearsal/src on PYTHONPATH. No server stands behind RDS and
ElastiCache: that is the rehearsal's to test.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from pathlib import Path
from typing import Any

from rehearsal.aws.corrections import Surroundings, apply
from rehearsal.aws.wire.requestlog import RequestLog
from rehearsal.aws.wire.transport import AsOverTls


class NoServer:
    """Takes what a database server would be told, and does nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


def adjusted() -> Any:
    """Adjust ministack's services. Returns its application."""
    decisions = os.environ.get("AWS_DECISIONS")
    return apply(
        Surroundings(
            folder=Path(sys.argv[1]).parent,
            postgres=NoServer(),
            redis=NoServer(),
            cluster_ca=Path("no-certificate"),
            cluster_port=1,
            decisions=Path(decisions) if decisions else None,
        )
    )


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
