"""Compile the cluster's programs once: `build(cache, say)` returns their folder."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rehearsal.cluster import images
from rehearsal.cluster.golang import Module

SOURCE = Path(__file__).resolve().parents[3] / "kubernetes"
"""The Go module; it is beside the package in the checkout."""

KUBERNETES_VERSION = "1.35.4"
KUBERNETES_PARTS = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubectl",
    "kubelet",
)
"""Names by which the program `kubernetes` is called."""

PROGRAMS = (
    "coredns",
    "crane",
    "helm",
    "kubernetes",
    "local-path-provisioner",
    "metrics-server",
    "pause",
    "volume",
)
ARCHIVE = "images.tar"

_STAMP = "k8s.io/component-base/version"
_LDFLAGS = " ".join(
    [
        "-s -w",
        f"-X {_STAMP}.gitVersion=v{KUBERNETES_VERSION}",
        f"-X {_STAMP}.gitMajor={KUBERNETES_VERSION.split('.')[0]}",
        f"-X {_STAMP}.gitMinor={KUBERNETES_VERSION.split('.')[1]}",
        "-X helm.sh/helm/v3/internal/version.version=v3.20.2",
    ]
)
FLAGS = ("-trimpath", "-buildvcs=false", "-mod=readonly", f"-ldflags={_LDFLAGS}")

STEPS: tuple[Sequence[str], ...] = (
    (
        "./cmd/...",
        "helm.sh/helm/v3/cmd/helm",
        "github.com/google/go-containerregistry/cmd/crane",
    ),
    # Alone: it takes logrus by a path that differs from the others' in case only,
    # and one call of the compiler refuses both.
    ("github.com/rancher/local-path-provisioner",),
)


def build(cache: Path, say: Callable[[str], None], source: Path = SOURCE) -> Path:
    """Return the folder with the programs and `images.tar`; compile them if need be.

    The folder's name is a hash of all that goes in, and it appears when it is
    complete: a build that was stopped leaves nothing that could be taken for one.
    Raises WorldError when Go is missing or too old, or the build fails.
    """
    module = Module("Kubernetes", source, FLAGS)
    go_version = module.version()
    target = cache / "bin" / key(source, go_version)
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    say(f"Compiling Kubernetes v{KUBERNETES_VERSION} once: 6 to 10 minutes on two cores")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".build-") as scratch:
        folder = Path(scratch) / "bin"
        folder.mkdir()
        for packages in STEPS:
            say("Fetching the Go modules" if packages == STEPS[0] else f"Compiling {packages[0]}")
            module.compile(folder, packages, say)
        for name in KUBERNETES_PARTS:
            (folder / name).symlink_to("kubernetes")
        images.write_archive(folder, folder / ARCHIVE)
        try:
            folder.rename(target)
        except OSError:
            if not target.is_dir():  # somebody else was faster: theirs is the same
                raise
    say(f"Compiled Kubernetes ({time.monotonic() - started:.0f} s)")
    return target


def key(source: Path, go_version: str) -> str:
    """Hash of everything that decides what the compiled programs are."""
    digest = hashlib.sha256()
    parts = [repr((FLAGS, STEPS, KUBERNETES_PARTS, images.IMAGES, go_version)).encode()]
    for path in _sources(source):
        parts += [str(path.relative_to(source)).encode(), path.read_bytes()]
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:16]


def _sources(source: Path) -> Iterator[Path]:
    yield source / "go.mod"
    yield source / "go.sum"
    yield from sorted(path for path in (source / "cmd").rglob("*") if path.is_file())
