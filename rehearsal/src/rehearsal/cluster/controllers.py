"""Controllers that the nodes may have beside the rest: program, image and chart of a Go module."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from rehearsal.cluster import images
from rehearsal.cluster.golang import Module

MODULES = Path(__file__).resolve().parents[3]
"""The folder of our Go modules; they are beside the package in the checkout."""

ARCHIVE = "image.tar"
CHART = "chart"


@dataclass(frozen=True)
class Controller:
    """One of them. Nothing of it is in the checkout but the versions that it is made of.

    name: of its switch, its cache and its image; purpose: ends the sentence "have ... in the
    cluster, too"; module, version: the Go module that has program and chart; package, program:
    what is compiled of it, and the name that Go gives it; tag: of its image; time: how long that
    takes; stamp: linker flags that tell it its version; write_chart: copies the chart out of the
    module's folder, complete enough to be installed; written_in: the file that says all this.
    """

    name: str
    title: str
    purpose: str
    module: str
    version: str
    package: str
    program: str
    tag: str
    time: str
    write_chart: Callable[[Path, Path], None]
    written_in: Path
    stamp: str = ""

    @property
    def option(self) -> str:
        """The switch that asks for it."""
        return f"--{self.name}"

    @property
    def variable(self) -> str:
        """Variable with the folder of its chart; there when the nodes have its image."""
        return f"REHEARSAL_{self.name.replace('-', '_').upper()}"

    @property
    def source(self) -> Path:
        """Our Go module, which requires theirs."""
        return MODULES / self.name

    @property
    def image(self) -> images.Image:
        """The image that the nodes get."""
        return images.Image(f"{self.name}:{self.tag}", (self.program,))

    @property
    def flags(self) -> tuple[str, ...]:
        """Flags of the compiler."""
        return (
            "-trimpath",
            "-buildvcs=false",
            "-mod=readonly",
            f"-ldflags=-s -w {self.stamp}".rstrip(),
        )

    def go(self) -> Module:
        """Our Go module, to be asked and compiled."""
        return Module(self.title, self.source, self.flags)

    def key(self, go_version: str, source: Path | None = None) -> str:
        """Hash of everything that decides what is made."""
        ours = source or self.source
        digest = hashlib.sha256(repr((self.flags, self.package, self.image, go_version)).encode())
        for path in (ours / "go.mod", ours / "go.sum", self.written_in, Path(__file__)):
            content = path.read_bytes()
            digest.update(len(content).to_bytes(8, "big"))
            digest.update(content)
        return digest.hexdigest()[:16]

    def make(self, target: Path, say: Callable[[str], None]) -> None:
        """Put image and chart into a folder; its program is in the image only."""
        ours = self.go()
        ours.compile(target, [self.package], say)
        images.write_archive(target, target / ARCHIVE, [self.image])
        (target / self.program).unlink()
        upstream = Path(ours.go(["list", "-m", "-f={{.Dir}}", self.module]).strip())
        self.write_chart(upstream, target / CHART)


def copy(files: Iterable[Path], source: Path, target: Path) -> None:
    """Copy files below `source` to the same places below `target`.

    Not their modes: Go's module cache is read-only, its folders too.
    """
    for path in files:
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes())


def files_below(folder: Path) -> list[Path]:
    """All files in a folder and its folders."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
