"""What EKS adds to an API server: IAM identities in the cluster, and pods' identities in IAM.

The API server asks two webhooks of the emulated AWS (`rehearsal.aws.eks.access`) who a
token is and what his access policies allow; service account tokens are signed in the name of
EKS's issuer; and a third webhook gives pods the token of their role (`pod_identity`).
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from rehearsal.names import ACCESS_PORT, ISSUER

KEYS = "jwks.json"
"""File (in the cluster's folder of certificates) with the issuer's keys."""

POLICIES = "canonicalArn"
"""Extra attribute of users who came by an access entry; nobody else's requests are asked about."""


def write_keys(public_key: Path) -> Path:
    """Write the JSON Web Key Set of a public key (PEM) beside it, as the API server names it."""
    key = serialization.load_pem_public_key(public_key.read_bytes())
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError(f"{public_key}: EKS signs with RSA keys")
    numbers = key.public_numbers()
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    web_key = {
        "kty": "RSA",
        "alg": "RS256",
        "use": "sig",
        "kid": _encode(hashlib.sha256(der).digest()),
        "n": _encode(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")),
        "e": _encode(numbers.e.to_bytes(3, "big")),
    }
    target = public_key.with_name(KEYS)
    target.write_text(json.dumps({"keys": [web_key]}))
    return target


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def flags(folder: Path) -> list[str]:
    """Flags of the API server; their files are written to `folder`."""
    tokens = _write(folder / "token-webhook.json", webhook("authenticate"))
    policies = _write(folder / "policy-webhook.json", webhook("authorize"))
    authorization = _write(folder / "authorization.json", authorizers(policies))
    return [
        f"--service-account-issuer={ISSUER}",
        f"--service-account-jwks-uri={ISSUER}/keys",
        f"--authentication-token-webhook-config-file={tokens}",
        "--authentication-token-webhook-version=v1",
        # An entry that is taken away counts at once.
        "--authentication-token-webhook-cache-ttl=1s",
        f"--authorization-config={authorization}",
    ]


def webhook(name: str) -> dict[str, Any]:
    """A kubeconfig that says where a webhook is: in the world's own loopback device."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "eks", "cluster": {"server": f"http://127.0.0.1:{ACCESS_PORT}/{name}"}}
        ],
        "users": [{"name": "kube-apiserver", "user": {}}],
        "contexts": [{"name": "eks", "context": {"cluster": "eks", "user": "kube-apiserver"}}],
        "current-context": "eks",
    }


def authorizers(policies: Path) -> dict[str, Any]:
    """AuthorizationConfiguration: nodes, RBAC, then the access policies of who has an entry."""
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthorizationConfiguration",
        "authorizers": [
            {"type": "Node", "name": "node"},
            {"type": "RBAC", "name": "rbac"},
            {
                "type": "Webhook",
                "name": "access-policies",
                "webhook": {
                    "authorizedTTL": "1s",
                    "unauthorizedTTL": "1s",
                    "timeout": "3s",
                    "subjectAccessReviewVersion": "v1",
                    "matchConditionSubjectAccessReviewVersion": "v1",
                    "failurePolicy": "NoOpinion",
                    "connectionInfo": {"type": "KubeConfigFile", "kubeConfigFile": str(policies)},
                    "matchConditions": [
                        {"expression": f"has(request.extra) && '{POLICIES}' in request.extra"}
                    ],
                },
            },
        ],
    }


def _write(path: Path, content: dict[str, Any]) -> Path:
    path.write_text(json.dumps(content, indent=1))
    return path
