# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The list of checks, in the order in which they run: a further check is a function and a line."""

from __future__ import annotations

from . import holds, reads, synthetic
from .backend import Look

CONNECTED = ("connect",)
READ = ("connect", "endpoints", "livez", "readyz", "version")

LOOKS = (
    Look("connect", reads.connect, repeated=True),
    Look(
        "endpoints",
        reads.endpoints,
        repeated=True,
        needs=CONNECTED,
        cause="no connection",
        wanted=lambda backend: backend.unready,
    ),
    *(
        Look(name, look, repeated=True, needs=CONNECTED, cause="no connection")
        for name, look in (
            ("livez", reads.livez),
            ("readyz", reads.readyz),
            ("version", reads.version),
        )
    ),
    Look("stable", holds.stable, needs=READ, wanted=lambda backend: backend.params["stable_for"]),
    Look(
        "latency",
        holds.latency,
        needs=READ,
        wanted=lambda backend: backend.params["latency_requests"],
    ),
    Look(
        "synthetic",
        synthetic.synthetic,
        writes=True,
        needs=(*READ, "stable", "latency"),
        parts=tuple(f"synthetic.{step}" for step in synthetic.STEPS),
        wanted=lambda backend: backend.params["synthetic"],
    ),
)
