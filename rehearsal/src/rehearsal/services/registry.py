"""The container registry that answers for ECR's address, and for the base images'."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from pathlib import Path

import yaml

from rehearsal.names import ECR, REGISTRY, REGISTRY_PORT
from rehearsal.pki import Authority, KeyPair
from rehearsal.world import ADDRESS, World


def configuration(storage: Path, address: str, pair: KeyPair | None = None) -> str:
    """The registry's own settings. Without a key pair it speaks plain HTTP."""
    http: dict[str, object] = {"addr": address}
    if pair:
        http["tls"] = {"certificate": str(pair.certificate), "key": str(pair.key)}
    return yaml.safe_dump(
        {
            "version": 0.1,
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {
                "filesystem": {"rootdirectory": str(storage)},
                "delete": {"enabled": True},
                "maintenance": {"uploadpurging": {"enabled": False}},
            },
            "http": http,
        }
    )


def start(world: World, authority: Authority, storage: Path) -> None:
    """Serve `storage` (kept in the cache: pushed images outlive the world) with TLS."""
    folder = world.data / "registry"
    pair = authority.issue(folder, [ECR, REGISTRY])
    settings = folder / "config.yml"
    settings.write_text(configuration(storage, f"{ADDRESS}:{REGISTRY_PORT}", pair))
    world.spawn("registry", ["docker-registry", "serve", settings])
    trust = ssl.create_default_context(cafile=str(world.data / "ca.crt"))
    world.wait_until("registry", lambda: missing(trust), timeout=20, process="registry")


def missing(trust: ssl.SSLContext) -> str | None:
    """None when the registry answers under ECR's name, else what went wrong."""
    try:
        with urllib.request.urlopen(f"https://{ECR}/v2/", timeout=2, context=trust) as answer:
            return None if answer.status == 200 else f"status {answer.status}"
    except (urllib.error.URLError, OSError) as error:
        return str(error)
