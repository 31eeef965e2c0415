"""The External Secrets Operator: its program, its image and its chart, all of one Go module.

Nothing of it is in the checkout. The chart in the module's folder lacks the custom resource
definitions, which are made beside it, and names a part that is in no Go proxy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import yaml

from rehearsal.cluster import images
from rehearsal.cluster.golang import Module

SOURCE = Path(__file__).resolve().parents[3] / "external-secrets"
"""The Go module; it is beside the package in the checkout."""

PACKAGE = "github.com/external-secrets/external-secrets"
VERSION = "v0.20.4"
IMAGE = images.Image(f"external-secrets:{VERSION}", ("external-secrets",))
ARCHIVE = "image.tar"
CHART = "chart"

FLAGS = ("-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags=-s -w")


def module(source: Path = SOURCE) -> Module:
    """The Go module that requires the operator."""
    return Module("External Secrets", source, FLAGS)


def key(go_version: str, source: Path = SOURCE) -> str:
    """Hash of everything that decides what is made."""
    digest = hashlib.sha256(repr((FLAGS, PACKAGE, IMAGE, go_version)).encode())
    for path in (source / "go.mod", source / "go.sum", Path(__file__)):
        content = path.read_bytes()
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return digest.hexdigest()[:16]


def make(target: Path, say: Callable[[str], None]) -> None:
    """Put image and chart into a folder; its program is in the image only."""
    ours = module()
    ours.compile(target, [PACKAGE], say)
    images.write_archive(target, target / ARCHIVE, [IMAGE])
    for program in IMAGE.programs:
        (target / program).unlink()
    write_chart(Path(ours.go(["list", "-m", "-f={{.Dir}}", PACKAGE]).strip()), target / CHART)


def write_chart(upstream: Path, target: Path) -> None:
    """Copy the chart out of the module's folder `upstream`, complete enough to be installed."""
    chart = upstream / "deploy/charts/external-secrets"
    wanted = [chart / name for name in (".helmignore", "values.yaml", "values.schema.json")]
    for folder in ("files", "templates"):
        wanted += [path for path in (chart / folder).rglob("*") if path.is_file()]
    for path in wanted:
        # Not their modes: Go's module cache is read-only, its folders too.
        copy = target / path.relative_to(chart)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    description = yaml.safe_load((chart / "Chart.yaml").read_text())
    # A chart for Bitwarden, off by default. Helm refuses a dependency that is not there.
    description.pop("dependencies", None)
    # Upstream raises it after the version is tagged: there it is the one before.
    description |= {"version": VERSION.removeprefix("v"), "appVersion": VERSION}
    (target / "Chart.yaml").write_text(yaml.safe_dump(description, sort_keys=False))
    (target / "crds").mkdir()
    (target / "crds/bundle.yaml").write_bytes((upstream / "deploy/crds/bundle.yaml").read_bytes())
