"""A real container registry with TLS and a login, for tests of container_image."""

from __future__ import annotations

import contextlib
import crypt
import datetime
import ipaddress
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER = "AWS"
PASSWORD = "registry-password-of-the-test"


@dataclass(frozen=True)
class TestRegistry:
    """Address of the registry and the file with the certificate that it is to be trusted by."""

    __test__ = False

    host: str
    certificate: Path

    @property
    def environment(self) -> dict[str, str]:
        """What makes Python and the engines trust it."""
        return {"SSL_CERT_FILE": str(self.certificate)}


@contextlib.contextmanager
def registry(folder: Path) -> Iterator[TestRegistry]:
    """Run docker-registry on a free loopback port with its data in a folder."""
    program = shutil.which("docker-registry")
    assert program, "docker-registry is needed: apt-get install docker-registry"
    certificate, key = _certificate(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{probe.getsockname()[1]}"
    hashed = crypt.crypt(PASSWORD, crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16))  # noqa: S324
    (folder / "htpasswd").write_text(f"{USER}:{hashed}\n")
    settings = {
        "version": 0.1,
        "log": {"level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": host, "tls": {"certificate": str(certificate), "key": str(key)}},
        "auth": {"htpasswd": {"realm": "test", "path": str(folder / "htpasswd")}},
    }
    (folder / "registry.yml").write_text(yaml.safe_dump(settings))
    with (folder / "registry.log").open("wb") as log:
        command = [program, "serve", str(folder / "registry.yml")]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _await_port(host, process, folder / "registry.log")
        yield TestRegistry(host, certificate)
    finally:
        process.kill()
        process.wait()


def _await_port(host: str, process: subprocess.Popen[bytes], log: Path) -> None:
    name, port = host.split(":")
    for _ in range(200):
        assert process.poll() is None, log.read_text()
        with socket.socket() as probe:
            if probe.connect_ex((name, int(port))) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"the registry did not open its port: {log.read_text()}")


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test registry")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "tls.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "tls.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "tls.crt", folder / "tls.key"
