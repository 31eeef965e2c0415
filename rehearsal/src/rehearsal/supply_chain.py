"""syft, grype and cosign: what role `images` calls where it is installed, compiled from one module.

Beside them is `knownflaw`, which makes the vulnerability database that grype can't download here.
They are no part of a world: who wants them there puts their folder on PATH.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from pathlib import Path

from rehearsal.caches import making
from rehearsal.cluster.golang import Module
from rehearsal.paths import Places

SOURCE = Path(__file__).resolve().parents[2] / "supply-chain"
"""The Go module; it is beside the package in the checkout."""

PACKAGES = {
    "cosign": "github.com/sigstore/cosign/v3/cmd/cosign",
    "syft": "github.com/anchore/syft/cmd/syft",
    "grype": "github.com/anchore/grype/cmd/grype",
    "knownflaw": "./cmd/knownflaw",
}
FLAGS = ("-trimpath", "-buildvcs=false", "-mod=readonly")


def version(program: str, source: Path = SOURCE) -> str:
    """The version of a program's module, as go.mod requires it; ours has none."""
    module = PACKAGES[program].partition("/cmd/")[0]
    found = re.search(rf"^\t?(?:require )?{re.escape(module)} v(\S+)", _text(source), re.M)
    return found[1] if found else "0"


def flags(program: str, source: Path = SOURCE) -> tuple[str, ...]:
    """Of the compiler. Programs say their version in the lists they make: theirs is put in."""
    return (*FLAGS, f"-ldflags=-s -w -X main.version={version(program, source)}")


def key(go_version: str, source: Path = SOURCE) -> str:
    """Hash of everything that decides what is made."""
    digest = hashlib.sha256(repr((FLAGS, PACKAGES, go_version)).encode())
    files = sorted(path for path in (source / "cmd").rglob("*") if path.is_file())
    for path in (source / "go.mod", source / "go.sum", *files, Path(__file__)):
        content = path.read_bytes()
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return digest.hexdigest()[:16]


def programs(places: Places, say: Callable[[str], None]) -> Path:
    """The folder with the programs; compile them if need be."""
    go_version = Module("syft", SOURCE, FLAGS).version()
    target = places.cache / "supply-chain" / key(go_version)
    with making(target) as draft:
        if draft is None:
            return target
        say("Compiling cosign, syft and grype once: 6 to 11 minutes on two cores")
        began = time.monotonic()
        for program, package in PACKAGES.items():
            Module(program, SOURCE, flags(program)).compile(draft, [package], say)
    say(f"Compiled cosign, syft and grype ({time.monotonic() - began:.0f} s)")
    return target


def _text(source: Path) -> str:
    return (source / "go.mod").read_text()
