"""Compile Go programs, and say how far that is and what is missing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rehearsal import disk
from rehearsal.world import WorldError

MINIMUM = (1, 21)
"""From here on Go fetches the newer toolchain that go.mod names by itself."""


@dataclass(frozen=True)
class Module:
    """A Go module of ours. what: name of what is compiled; flags: of the compiler."""

    what: str
    source: Path
    flags: Sequence[str]

    def version(self) -> str:
        """What `go version` says in the module's folder: the toolchain that go.mod asks for."""
        if shutil.which("go") is None:
            raise WorldError(
                f"Go is missing, and {self.what} is compiled with it: install Go "
                f"{_dotted(MINIMUM)} or newer (https://go.dev/dl/; Debian 12's own is too old) "
                "and put it on PATH"
            )
        done = subprocess.run(
            ["go", "version"], cwd=self.source, env=environment(), capture_output=True, text=True
        )
        local = subprocess.run(
            ["go", "version"],
            env={**environment(), "GOTOOLCHAIN": "local"},
            capture_output=True,
            text=True,
        )
        found = re.search(r"go(\d+)\.(\d+)", local.stdout)
        if found and (int(found[1]), int(found[2])) < MINIMUM:
            raise WorldError(
                f"Go {found[1]}.{found[2]} is too old to compile {self.what}: install Go "
                f"{_dotted(MINIMUM)} or newer (https://go.dev/dl/) and put it before it on PATH"
            )
        if done.returncode:
            raise WorldError(
                f"`go version` failed in {self.source}: {done.stderr.strip()}\n"
                "Either install the Go version that go.mod names, or let Go fetch it "
                "(GOTOOLCHAIN=auto and a reachable GOPROXY)"
            )
        return done.stdout.strip()

    def compile(self, folder: Path, packages: Sequence[str], say: Callable[[str], None]) -> None:
        """Put the packages' programs into a folder."""
        started = time.monotonic()
        total = len(self.go(["list", "-deps", *self.flags, *packages]).splitlines())
        process = subprocess.Popen(
            ["go", "build", "-v", *self.flags, "-o", f"{folder}/", *packages],
            cwd=self.source,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        lines: list[str] = []
        reader = threading.Thread(target=_collect, args=(process, lines), daemon=True)
        reader.start()
        try:
            while reader.is_alive():
                reader.join(timeout=15)
                if reader.is_alive():
                    elapsed = time.monotonic() - started
                    say(f"  {len(lines)} of {total} packages compiled, {elapsed:.0f} s")
        finally:
            process.kill()  # nothing to kill when it ended by itself
        self._check("go build", process.wait(), "\n".join(lines[-20:]))

    def go(self, arguments: Sequence[str]) -> str:
        """What a command of Go prints in the module's folder."""
        done = subprocess.run(
            ["go", *arguments], cwd=self.source, env=environment(), capture_output=True, text=True
        )
        self._check(f"go {arguments[0]}", done.returncode, done.stderr.strip())
        return done.stdout

    def _check(self, what: str, code: int, output: str) -> None:
        if code == 0:
            return
        remedy = ""
        if re.search(r"proxy|dial tcp|no such host|timeout|connection refused|TLS", output):
            remedy = "\nThe Go modules could not be fetched: check the network and GOPROXY"
        elif "no space left" in output:
            remedy = (
                "\nthe disk is full: about 6 GB are needed for Go's own caches (`go env GOCACHE "
                f"GOMODCACHE`), and TMPDIR: {disk.REMEDY}"
            )
        raise WorldError(f"{self.what} cannot be compiled: `{what}` failed:\n{output}{remedy}")


def environment() -> dict[str, str]:
    """Static programs, by the toolchain that go.mod names.

    Debian's Go would not fetch that one, unless it is told to.
    """
    return {"GOTOOLCHAIN": "auto", **os.environ, "CGO_ENABLED": "0"}


def _collect(process: subprocess.Popen[str], lines: list[str]) -> None:
    assert process.stderr is not None  # noqa: S101 - it was opened as a pipe
    for line in process.stderr:
        lines.append(line.rstrip())  # one by one: the other thread counts them


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
