"""What an instance's user data tell its kubelet: a NodeConfig, as Amazon Linux 2023 reads it.

https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/api/
"""

from __future__ import annotations

import base64
import email
from collections.abc import Iterator
from typing import Any

import yaml

TYPE = "application/node.eks.aws"
LABELS, TAINTS = "--node-labels=", "--register-with-taints="


def kubelet_of(text: str) -> tuple[dict[str, str], list[str]]:
    """Labels, and taints as key=value:effect, of user data (base64); later parts add to them."""
    labels: dict[str, str] = {}
    taints: list[str] = []
    for config in configs(base64.b64decode(text).decode(errors="replace")):
        kubelet = config.get("spec", {}).get("kubelet") or {}
        for flag in kubelet.get("flags") or []:
            if flag.startswith(LABELS):
                pairs = (pair.partition("=") for pair in words(flag.removeprefix(LABELS)))
                labels |= {key: value for key, _, value in pairs}
            if flag.startswith(TAINTS):
                taints += words(flag.removeprefix(TAINTS))
        for taint in (kubelet.get("config") or {}).get("registerWithTaints") or []:
            taints.append(f"{taint['key']}={taint.get('value', '')}:{taint['effect']}")
    return labels, taints


def configs(text: str) -> Iterator[dict[str, Any]]:
    """The NodeConfigs in user data: alone, or as parts of a MIME message."""
    if "content-type:" not in text.lower():
        parts = [text]
    else:
        message: Any = email.message_from_string(text)
        parts = [
            part.get_payload(decode=True).decode()
            for part in message.walk()
            if part.get_content_type() == TYPE
        ]
    for part in parts:
        for document in yaml.safe_load_all(part):
            if isinstance(document, dict) and document.get("kind") == "NodeConfig":
                yield document


def words(text: str) -> list[str]:
    """A list with commas; the whole of it may be in quotes, which nodeadm takes away."""
    return [part for part in text.strip('"').split(",") if part]
