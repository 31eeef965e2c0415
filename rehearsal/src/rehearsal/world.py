"""What every part of the world shares: places, addresses, and how a server is started.

A `World` exists inside the private namespace only. The process that holds it is
the first of its pid namespace: when it ends, the kernel ends all the others.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ADDRESS = "10.255.0.1"
"""Where the stand-ins for AWS listen: the bridge's own address in the namespace."""

OIDC_ADDRESS = "10.255.0.2"
"""Where the cluster's token issuer answers, at port 443, which at ADDRESS is the registry's."""

COGNITO_ADDRESS = "10.255.0.3"
"""Where the user pools answer that sign people in, at port 443, too."""

BRIDGE = "world0"
"""The bridge (ADDRESS/24) that joins the nodes and the stand-ins for AWS."""

POD_CIDR = "10.244.0.0/16"
SERVICE_CIDR = "10.100.0.0/16"
DNS_ADDRESS = "10.100.0.10"


class WorldError(Exception):
    """Something in the world did not come up; the text says what, why and what to do."""


@dataclass
class World:
    """The running world.

    data: state of this world (discarded by `down`); cache: what outlives it
    (binaries, wheels, base images); say: prints one line of progress.
    """

    data: Path
    cache: Path
    say: Callable[[str], None] = print
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def logs(self) -> Path:
        """Folder with one log file per server."""
        return self.data / "logs"

    def spawn(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: int | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a server whose output goes to logs/<name>.log. `env` is added to ours."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [str(part) for part in argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                cwd=cwd,
                user=user,
                group=user,
                start_new_session=True,
            )
        self.processes[name] = process
        return process

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Print how long a step took; a failure says which step it was."""
        started = time.monotonic()
        yield
        self.say(f"{title} ({time.monotonic() - started:.1f} s)")

    def wait_until(
        self,
        what: str,
        probe: Callable[[], str | None],
        *,
        timeout: float,
        process: str | None = None,
        interval: float = 0.2,
    ) -> None:
        """Wait until `probe` returns None; until then it returns what is still missing.

        Fails at once when the server `process` ends, with the end of its log, and
        after `timeout` seconds with the probe's last answer.
        """
        deadline = time.monotonic() + timeout
        while (missing := probe()) is not None:
            if process and self.processes[process].poll() is not None:
                raise WorldError(
                    f"{what}: {process} ended with {self.processes[process].returncode}:\n"
                    f"{self.tail(process)}"
                )
            if time.monotonic() > deadline:
                raise WorldError(f"{what}: not after {timeout:.0f} s: {missing}")
            time.sleep(interval)

    def tail(self, name: str, lines: int = 15) -> str:
        """The last lines of a server's log."""
        log = self.logs / f"{name}.log"
        text = log.read_text(errors="replace") if log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])
