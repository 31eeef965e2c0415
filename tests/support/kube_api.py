"""A real Kubernetes API (etcd and kube-apiserver of the rehearsal's build), without nodes."""

from __future__ import annotations

import os
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from support.ports import free_port

TOKEN = "unit-tests-token"
PATIENCE = 60
"""Seconds for the servers to answer."""


@dataclass
class Kube:
    """The API. kubeconfig: a file; client: of its administrator."""

    kubeconfig: Path
    client: httpx.Client

    def get(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.get(path).raise_for_status().json()
        return answer

    def names(self, path: str) -> list[str]:
        """Names of what is listed at a path; none where there is no such kind."""
        answer = self.client.get(path)
        if answer.status_code == 404:
            return []
        items = answer.raise_for_status().json()["items"]
        return sorted(item["metadata"]["name"] for item in items)

    def make(self, path: str, item: dict[str, Any]) -> dict[str, Any]:
        answer = self.client.post(path, json=item)
        assert answer.is_success, answer.text
        made: dict[str, Any] = answer.json()
        return made


def programs() -> Path:
    """The folder of the rehearsal's newest build."""
    cache = Path(os.environ.get("RAGOPS_CACHE", Path.home() / ".cache/ragops"))
    built = sorted(cache.glob("bin/*/kube-apiserver"), key=lambda path: path.lstat().st_mtime)
    if not built:
        pytest.fail("kube-apiserver is needed: let the rehearsal build it (.venv/bin/rehearsal up)")
    return built[-1].parent


def write_key(path: Path) -> None:
    """A key by which the API server signs tokens that nobody uses here."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


@contextmanager
def running(argv: list[str], log: Path) -> Iterator[None]:
    """Run a server until the block ends."""
    with log.open("wb") as stream:
        process = subprocess.Popen(argv, stdout=stream, stderr=subprocess.STDOUT, cwd=log.parent)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def serving(folder: Path) -> Iterator[Kube]:
    """Serve an empty cluster's API on loopback until the block ends."""
    binaries, store, peer, port = programs(), free_port(), free_port(), free_port()
    write_key(folder / "key.pem")
    (folder / "tokens.csv").write_text(f'{TOKEN},admin,admin,"system:masters"\n')
    etcd = [
        str(binaries / "etcd"),
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls=http://127.0.0.1:{store}",
        f"--advertise-client-urls=http://127.0.0.1:{store}",
        f"--listen-peer-urls=http://127.0.0.1:{peer}",
    ]
    server = [
        str(binaries / "kube-apiserver"),
        f"--etcd-servers=http://127.0.0.1:{store}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder / 'certificates'}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--service-account-issuer=https://unit.tests",
        f"--service-account-key-file={folder / 'key.pem'}",
        f"--service-account-signing-key-file={folder / 'key.pem'}",
        "--disable-admission-plugins=ServiceAccount",
    ]
    url = f"https://127.0.0.1:{port}"
    kubeconfig = folder / "kubeconfig"
    # The server makes it itself when it starts, with its authority in the same file.
    ca = folder / "certificates/apiserver.crt"
    access = {"cluster": "x", "user": "x"}
    kubeconfig.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "x",
                "contexts": [{"name": "x", "context": access}],
                "clusters": [
                    {"name": "x", "cluster": {"server": url, "certificate-authority": str(ca)}}
                ],
                "users": [{"name": "x", "user": {"token": TOKEN}}],
            }
        )
    )
    headers = {"Authorization": f"Bearer {TOKEN}"}
    log = folder / "kube-apiserver.log"
    with running(etcd, folder / "etcd.log"), running(server, log):
        await_it(ca.is_file, log)
        trust = ssl.create_default_context(cafile=str(ca))
        with httpx.Client(base_url=url, headers=headers, verify=trust, timeout=30) as client:
            await_it(lambda: ready(client), log)
            yield Kube(kubeconfig, client)


def await_it(met: Callable[[], bool], log: Path) -> None:
    """Wait for the API server; what it said, if it takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < deadline, log.read_text()[-4000:]
        time.sleep(0.3)


def ready(client: httpx.Client) -> bool:
    """Whether the API answers and has its first namespaces."""
    try:
        return (
            client.get("/readyz").is_success
            and client.get("/api/v1/namespaces/kube-system").is_success
        )
    except httpx.HTTPError:
        return False


def add_volume_driver(kube: Kube) -> None:
    """Let it be a cluster in which volumes can be made, as role cluster_addons asks for."""
    driver = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "CSIDriver",
        "metadata": {"name": "ebs.csi.aws.com"},
    }
    kube.make("/apis/storage.k8s.io/v1/csidrivers", driver)
