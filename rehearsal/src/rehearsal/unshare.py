"""How a private namespace is made: one place for all that make one."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile

NAMESPACE = (
    "unshare", "--user", "--map-root-user", "--map-auto", "--net", "--pid", "--mount",
    "--fork", "--mount-proc", "--kill-child",
)  # fmt: skip
"""Private user ids, network, processes and mounts; its end ends everything in it.

A range of sub-ids is mapped, not one: PostgreSQL and pods run as users of their own.
"""


def attempt(script: str, timeout: float = 20) -> str:
    """Run a shell script in a namespace like the world's; return why that failed, or ""."""
    # Into a file: where namespaces are forbidden, unshare leaves a helper behind that waits
    # for ever and would hold a pipe open. As a group of their own both are ended.
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [*NAMESPACE, "sh", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            code = -1
        end_group(process)
        said.seek(0)
        output = said.read().strip()
    if code == -1:
        return output or f"it was not there after {timeout:.0f} s"
    return "" if code == 0 else output or f"unshare ended with {code}"


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process that has a session of its own, and what it has left behind there."""
    with contextlib.suppress(ProcessLookupError):  # it has ended by itself
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
