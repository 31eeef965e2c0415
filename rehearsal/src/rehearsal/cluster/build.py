"""Compile the cluster's programs once: `build(cache, say)` returns their folder."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rehearsal import disk
from rehearsal.cluster import images
from rehearsal.world import WorldError

SOURCE = Path(__file__).resolve().parents[3] / "kubernetes"
"""The Go module; it is beside the package in the checkout."""

GO_MINIMUM = (1, 21)
"""From here on Go fetches the newer toolchain that go.mod names by itself."""

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
    go_version = _go_version()
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
            _compile(source, folder, packages, say)
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


def _go_version() -> str:
    if shutil.which("go") is None:
        raise WorldError(
            "Go is missing, and Kubernetes is compiled with it: install Go "
            f"{_dotted(GO_MINIMUM)} or newer (https://go.dev/dl/; Debian 12's own is too old) "
            "and put it on PATH"
        )
    # In the module's folder the answer is the toolchain that go.mod asks for.
    done = subprocess.run(
        ["go", "version"], cwd=SOURCE, env=_environment(), capture_output=True, text=True
    )
    local = subprocess.run(
        ["go", "version"],
        env={**_environment(), "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
    )
    found = re.search(r"go(\d+)\.(\d+)", local.stdout)
    if found and (int(found[1]), int(found[2])) < GO_MINIMUM:
        raise WorldError(
            f"Go {found[1]}.{found[2]} is too old to compile Kubernetes: install Go "
            f"{_dotted(GO_MINIMUM)} or newer (https://go.dev/dl/) and put it before it on PATH"
        )
    if done.returncode:
        raise WorldError(
            f"`go version` failed in {SOURCE}: {done.stderr.strip()}\n"
            "Either install the Go version that go.mod names, or let Go fetch it "
            "(GOTOOLCHAIN=auto and a reachable GOPROXY)"
        )
    return done.stdout.strip()


def _environment() -> dict[str, str]:
    # Debian's Go would not fetch the toolchain that go.mod names, unless it is told to.
    return {"GOTOOLCHAIN": "auto", **os.environ, "CGO_ENABLED": "0"}


def _compile(
    source: Path, folder: Path, packages: Sequence[str], say: Callable[[str], None]
) -> None:
    started = time.monotonic()
    say("Fetching the Go modules" if packages == STEPS[0] else f"Compiling {packages[0]}")
    total = len(_go(source, ["list", "-deps", *FLAGS, *packages]).splitlines())
    process = subprocess.Popen(
        ["go", "build", "-v", *FLAGS, "-o", f"{folder}/", *packages],
        cwd=source,
        env=_environment(),
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
    _check("go build", process.wait(), "\n".join(lines[-20:]))


def _collect(process: subprocess.Popen[str], lines: list[str]) -> None:
    assert process.stderr is not None  # noqa: S101 - it was opened as a pipe
    for line in process.stderr:
        lines.append(line.rstrip())  # one by one: the other thread counts them


def _go(source: Path, arguments: Sequence[str]) -> str:
    done = subprocess.run(
        ["go", *arguments], cwd=source, env=_environment(), capture_output=True, text=True
    )
    _check(f"go {arguments[0]}", done.returncode, done.stderr.strip())
    return done.stdout


def _check(what: str, code: int, output: str) -> None:
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
    raise WorldError(f"Kubernetes cannot be compiled: `{what}` failed:\n{output}{remedy}")


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
