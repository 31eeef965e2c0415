"""The emulated AWS: ministack in its own Python, wrapped by rehearsal.aws."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from pathlib import Path

from rehearsal.names import (
    ACCOUNT,
    AWS,
    AWS_PORT,
    COGNITO,
    KUBERNETES_PORT,
    OIDC,
    REDIS,
    REDIS_PORT,
    REGION,
)
from rehearsal.pki import Authority
from rehearsal.world import World

SOURCES = Path(__file__).resolve().parents[2]


def start(world: World, python: Path, authority: Authority) -> None:
    """Start the AWS API and wait until it is ready.

    python: of ministack's environment; authority: vouches for the issuers of tokens.
    """
    authority.issue(world.data / "oidc", [OIDC])
    authority.issue(world.data / "cognito", [COGNITO])
    environment = {
        "PYTHONPATH": str(SOURCES),
        "GATEWAY_PORT": str(AWS_PORT),
        "MINISTACK_HOST": AWS,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "AWS_DEFAULT_REGION": REGION,
        "REDIS_HOST": REDIS,
        "REDIS_PORT": str(REDIS_PORT),
        "EKS_BASE_PORT": str(KUBERNETES_PORT),
        # IAM decides. The operator's keys are the account's root, who may do all.
        "AUTH": "true",
        # Nothing listens that the platform doesn't use.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # ministack starts containers for some services when it finds a Docker
        # daemon; here the real servers stand beside it.
        "DOCKER_HOST": "unix:///run/rehearsal/no-docker.sock",
        "TMPDIR": str(world.data / "tmp"),
        "REHEARSAL_WORLD": str(world.data),
    }
    (world.data / "tmp").mkdir(exist_ok=True)
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        os.environ.pop(name, None)
    world.spawn("aws", [python, "-m", "rehearsal.aws"], env=environment)
    world.wait_until("AWS API", missing, timeout=60, process="aws")


def missing() -> str | None:
    """None when the API is ready, else what went wrong."""
    try:
        with urllib.request.urlopen(
            f"http://{AWS}:{AWS_PORT}/_ministack/ready", timeout=2
        ) as answer:
            return None if answer.status == 200 else f"status {answer.status}"
    except (urllib.error.URLError, OSError) as error:
        return str(error)
