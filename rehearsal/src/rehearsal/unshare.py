"""How a private namespace is made: one place for all that make one."""

from __future__ import annotations

NAMESPACE = (
    "unshare", "--user", "--map-root-user", "--map-auto", "--net", "--pid", "--mount",
    "--fork", "--mount-proc", "--kill-child",
)  # fmt: skip
"""Private user ids, network, processes and mounts; its end ends everything in it.

A range of sub-ids is mapped, not one: PostgreSQL and pods run as users of their own.
"""
