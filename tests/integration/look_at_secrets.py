"""Digests of the platform's secrets, and which of their values are in a file; shows no value.

Runs inside the world: `python look_at_secrets.py PREFIX [FILE]` prints JSON with `digests` (secret
-> SHA-256 of its value) and `found` (secrets of which a value, or the one before, is in the file).
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import boto3


def parts(value: str) -> set[str]:
    """A value as it is and as Kubernetes shows it, and the password in a login or URL."""
    password = urlsplit(value).password if "://" in value else None
    if value.startswith("{"):
        password = json.loads(value)["password"]
    forms = {value, *({password, quote(password, safe="")} if password else ())}
    return {*forms, *(base64.b64encode(form.encode()).decode() for form in forms)}


def values(manager: Any, name: str) -> list[str]:
    """The current value and the one before, if there was one."""
    stages = manager.describe_secret(SecretId=name)["VersionIdsToStages"].values()
    known = [stage for stage in ("AWSCURRENT", "AWSPREVIOUS") if any(stage in s for s in stages)]
    return [
        manager.get_secret_value(SecretId=name, VersionStage=stage)["SecretString"]
        for stage in known
    ]


def main() -> None:
    """Print the digests and what is in the file."""
    manager = boto3.client("secretsmanager")
    pages = manager.get_paginator("list_secrets").paginate()
    names = [item["Name"] for page in pages for item in page["SecretList"]]
    read = {name: values(manager, name) for name in names if name.startswith(sys.argv[1])}
    text = Path(sys.argv[2]).read_text() if len(sys.argv) > 2 else ""
    report = {
        "digests": {
            name: hashlib.sha256(all_[0].encode()).hexdigest() for name, all_ in read.items()
        },
        "found": [
            name for name, all_ in read.items() if any(p in text for v in all_ for p in parts(v))
        ],
    }
    print(json.dumps(report))


main()
