"""The certificates do what TLS and RBAC need: checked with openssl's own verification."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
from pathlib import Path

import pytest
from cryptography import x509

from rehearsal.cluster import pki


@pytest.fixture
def authority(tmp_path: Path) -> pki.Authority:
    return pki.Authority(tmp_path / "pki", "ca")


def verify(authority: pki.Authority, pair: pki.Pair, *options: str) -> int:
    command = ["openssl", "verify", "-x509_strict", "-CAfile", authority.files.certificate]
    return subprocess.run([*command, *options, pair.certificate], capture_output=True).returncode


def test_a_server_certificate_is_good_for_its_names_only(authority: pki.Authority) -> None:
    pair = authority.server("s", file="s", hosts=["a.test"], addresses=["10.255.0.1"])
    assert verify(authority, pair, "-purpose", "sslserver", "-verify_hostname", "a.test") == 0
    assert verify(authority, pair, "-purpose", "sslserver", "-verify_ip", "10.255.0.1") == 0
    assert verify(authority, pair, "-purpose", "sslserver", "-verify_hostname", "b.test") != 0
    assert verify(authority, pair, "-purpose", "sslclient") != 0


def test_a_client_certificate_carries_user_and_groups(authority: pki.Authority) -> None:
    pair = authority.client("system:node:n", ["system:nodes"], file="n")
    subject = x509.load_pem_x509_certificate(pair.certificate.read_bytes()).subject
    assert subject.rfc4514_string() == "CN=system:node:n,O=system:nodes"
    assert verify(authority, pair, "-purpose", "sslclient") == 0
    assert verify(authority, pair, "-purpose", "sslserver") != 0


def test_another_authority_of_the_same_name_is_not_trusted(
    authority: pki.Authority, tmp_path: Path
) -> None:
    pair = authority.client("c", file="c")
    assert verify(pki.Authority(tmp_path / "other", "ca"), pair) != 0


def test_keys_can_be_read_by_their_owner_only(authority: pki.Authority, tmp_path: Path) -> None:
    tokens = pki.signing_key(tmp_path, "tokens")
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text("old")
    kubeconfig.chmod(0o644)
    client = authority.client("admin", file="admin")
    pki.write_kubeconfig(
        kubeconfig,
        server="https://x:1",
        authority=authority.files.certificate,
        client=client,
        user="admin",
    )
    for path in (authority.files.key, client.key, tokens.key, kubeconfig):
        assert path.stat().st_mode & 0o777 == 0o600, path


def test_a_kubeconfig_holds_all_that_a_client_needs(
    authority: pki.Authority, tmp_path: Path
) -> None:
    path = tmp_path / "kubeconfig"
    client = authority.client("admin", ["system:masters"], file="admin")
    pki.write_kubeconfig(
        path,
        server="https://10.255.0.1:16443",
        authority=authority.files.certificate,
        client=client,
        user="admin",
    )
    config = json.loads(path.read_text())
    user, cluster = config["users"][0]["user"], config["clusters"][0]["cluster"]
    assert cluster["server"] == "https://10.255.0.1:16443"
    trusted = base64.b64decode(cluster["certificate-authority-data"]).decode()
    context = ssl.create_default_context(cadata=trusted)
    for name in ("certificate", "key"):
        (tmp_path / name).write_bytes(base64.b64decode(user[f"client-{name}-data"]))
    context.load_cert_chain(tmp_path / "certificate", tmp_path / "key")
