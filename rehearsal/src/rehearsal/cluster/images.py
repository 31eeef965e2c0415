"""Container images out of static programs: one program, one layer, no network.

The archive has the layout of `docker save`, which `ctr images import` reads. Its
bytes depend on the programs only, so an unchanged program is an unchanged image.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = "registry.rehearsal.internal/kubernetes"

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
"""Go names of what `uname -m` says."""


@dataclass(frozen=True)
class Image:
    """An image `name` of static programs; the first one is what it runs."""

    name: str
    programs: Sequence[str]

    @property
    def reference(self) -> str:
        """How manifests name it."""
        return f"{REPOSITORY}/{self.name}"


PAUSE = Image("pause:1.0", ("pause", "volume"))
COREDNS = Image("coredns:1.14.2", ("coredns",))
METRICS_SERVER = Image("metrics-server:0.9.0", ("metrics-server",))
LOCAL_PATH = Image("local-path-provisioner:0.0.30", ("local-path-provisioner",))
IMAGES = (PAUSE, COREDNS, METRICS_SERVER, LOCAL_PATH)


def write_archive(binaries: Path, target: Path, images: Iterable[Image] = IMAGES) -> None:
    """Write all images into the tar file `target`; their programs are in `binaries`."""
    manifest = []
    with tarfile.open(target, "w") as archive:
        for image in images:
            layer = _layer(binaries, image.programs)
            digest = hashlib.sha256(layer).hexdigest()
            config = json.dumps(_config(image, digest)).encode()
            names = f"{hashlib.sha256(config).hexdigest()}.json", f"{digest}.tar"
            for name, content in zip(names, (config, layer), strict=True):
                _add(archive, name, content, 0o644)
            manifest.append(
                {"Config": names[0], "RepoTags": [image.reference], "Layers": [names[1]]}
            )
        _add(archive, "manifest.json", json.dumps(manifest).encode(), 0o644)


def _layer(binaries: Path, programs: Sequence[str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as layer:
        _folder(layer, "tmp", 0o1777)
        for program in programs:
            _add(layer, program, (binaries / program).read_bytes(), 0o755)
    return buffer.getvalue()


def _config(image: Image, layer_digest: str) -> dict[str, object]:
    return {
        "architecture": ARCHITECTURES.get(platform.machine(), platform.machine()),
        "os": "linux",
        "config": {"Entrypoint": [f"/{image.programs[0]}"], "Env": ["PATH=/"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]},
    }


def _folder(archive: tarfile.TarFile, name: str, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.type = tarfile.DIRTYPE
    entry.mode = mode
    archive.addfile(entry)


def _add(archive: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mode = mode
    archive.addfile(entry, io.BytesIO(content))
