# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Kubeconfigs of a cluster: with one token, or with the program that makes new ones."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from ..aws import Dict
from ..program import place, write
from .credential import API, LIFE, expiry, token

__all__ = ["LIFE", "expiry", "kubeconfig", "renewing", "token"]


def kubeconfig(cluster: Dict, user: Dict, server: str = "") -> Dict:
    """A kubeconfig with the cluster's endpoint and CA.

    Args:
        cluster: as EKS describes it.
        user: how its user gets in.
        server: URL to connect to instead of the endpoint, such as a tunnel's; the server must
            show the endpoint's name all the same.
    """
    name = cluster["name"]
    found = {"server": server or cluster["endpoint"]}
    if server:
        found["tls-server-name"] = urlsplit(cluster["endpoint"]).hostname
    if authority := cluster.get("certificateAuthority", {}).get("data"):
        found["certificate-authority-data"] = authority
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": found}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }


def renewing(
    path: Path, cluster: str, region: str, life: int, environment: Mapping[str, str]
) -> Dict:
    """Return a user whose token is made anew when it ends, by a program beside the kubeconfig.

    Args:
        path: of the kubeconfig.
        cluster: name of the cluster.
        region: its region.
        life: seconds that a token is used.
        environment: variables of the program beside those of who starts it.

    Raises:
        OSError: the folder of the kubeconfig isn't there, or may not be written.
    """
    program, wish = path.with_suffix(".token.py"), path.with_suffix(".token")
    place(__package__ or "", "credential", program)
    write(wish, json.dumps({"cluster": cluster, "region": region, "life": life}))
    return {
        "exec": {
            "apiVersion": API,
            "interactiveMode": "Never",
            "command": sys.executable,
            # -I would hide packages of the user's own, among which boto3 may be.
            "args": [str(program), str(wish)],
            "env": [{"name": key, "value": value} for key, value in environment.items()],
        }
    }
