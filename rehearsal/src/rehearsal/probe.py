"""Ask each part of a running world how it is. Runs inside (`python -m rehearsal.probe`)."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rehearsal.services import aws, postgres, redis, registry


def nodes() -> str | None:
    """None when the API server answers and all nodes are Ready."""
    done = subprocess.run(
        [
            "kubectl", "get", "nodes", "--request-timeout=5s",
            "-o", "jsonpath={range .items[*]}{.metadata.name}={.status.conditions"
            "[?(@.type=='Ready')].status}{'\\n'}{end}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["no answer"])[-1]
    down = [line.split("=")[0] for line in done.stdout.split() if not line.endswith("=True")]
    if not done.stdout.strip():
        return "there is no node"
    return f"not Ready: {', '.join(down)}" if down else None


def main() -> None:
    """Print what is missing of each part as JSON: part -> text or null."""
    world = Path(os.environ["REHEARSAL_WORLD"])
    trust = ssl.create_default_context(cafile=str(world / "ca.crt"))
    probes: dict[str, Callable[[], str | None]] = {
        "aws": aws.missing,
        "postgresql": postgres.missing,
        "redis": redis.missing,
        "registry": lambda: registry.missing(trust),
    }
    if "--kubernetes" in sys.argv:
        probes["kubernetes"] = nodes
    with ThreadPoolExecutor(len(probes)) as pool:
        answers = dict(zip(probes, pool.map(lambda probe: probe(), probes.values()), strict=True))
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
