"""Facts about the official charts, at the versions that the roles name.

`official.yml` has them, so that what the roles set is held against them without the charts;
`make charts` reads them anew from the charts themselves.
"""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from support.checkout import ROOT

Dict = dict[str, Any]
FILE = ROOT / "tests/charts/official.yml"
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
KUBERNETES = "1.35.0"
KINDS = {bool: "bool", int: "int", float: "float", str: "str", list: "list"}
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")


def known() -> dict[str, Dict]:
    """The facts by chart."""
    found: dict[str, Dict] = yaml.safe_load(FILE.read_text())
    return found


class Indented(yaml.SafeDumper):
    """Writes lists as the project's other files have them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists, too."""
        del indentless
        super().increase_indent(flow, indentless=False)


def write(charts: Mapping[str, Dict]) -> None:
    """Write the facts; what stands above them stays."""
    head = FILE.read_text().split("\n\n", 1)[0]
    text = yaml.dump(dict(charts), Dumper=Indented, sort_keys=False)
    FILE.write_text(f"{head}\n\n{text}")


def leaves(values: Mapping[str, Any], kinds: Mapping[str, str], path: str = "") -> Iterator[str]:
    """Places of values; what the chart passes on as it is counts as one."""
    for key, value in values.items():
        place = f"{path}{key}"
        if isinstance(value, dict) and value and kinds.get(place) != "any":
            yield from leaves(value, kinds, f"{place}.")
        else:
            yield place


def misplaced(values: Mapping[str, Any], kinds: Mapping[str, str]) -> list[str]:
    """Values for which a chart has no place, or one for another type."""
    found = []
    for place in leaves(values, kinds):
        value: Any = values
        for key in place.split("."):
            value = value[key]
        kind = kinds.get(place)
        if kind != "any" and KINDS.get(type(value)) != kind:
            found.append(f"{place}: {value!r} (the chart: {kind or 'no such value'})")
    return found


@dataclass(frozen=True)
class Packed:
    """A chart in a folder: <name>, or <name>-<version>.tgz as helm pulls it; with helm."""

    helm: str
    path: Path

    @classmethod
    def find(cls, helm: str, folder: Path, name: str, version: str, scratch: Path) -> Packed:
        """Find a chart; an archive is unpacked. Raises FileNotFoundError."""
        archive = folder / f"{name}-{version}.tgz"
        if archive.exists():
            with tarfile.open(archive) as packed:
                packed.extractall(scratch, filter="data")
            return cls(helm, scratch / name)
        if (folder / name / "Chart.yaml").exists():
            return cls(helm, folder / name)
        raise FileNotFoundError(f"{folder} has neither {archive.name} nor a folder {name}")

    def render(self, release: str, namespace: str, values: Mapping[str, Any], *flags: str) -> str:
        """The objects as YAML. Raises CalledProcessError when the chart refuses the values."""
        return subprocess.run(
            [self.helm, "template", release, str(self.path), "--namespace", namespace,
             "--kube-version", KUBERNETES, "--values", "-", *flags],
            input=yaml.safe_dump(values), check=True, capture_output=True, text=True, timeout=60,
        ).stdout  # fmt: skip

    def defaults(self) -> Dict:
        """Its values.yaml, with those of the charts in it beneath their names."""
        text = subprocess.run(
            [self.helm, "show", "values", str(self.path)],
            check=True, capture_output=True, text=True, timeout=60,
        ).stdout  # fmt: skip
        found: Dict = yaml.safe_load(text) or {}
        for archive in sorted((self.path / "charts").glob("*.tgz")):
            name = archive.name.rsplit("-", 1)[0]
            with tarfile.open(archive) as packed:
                file = packed.extractfile(f"{name}/values.yaml")
                below = yaml.safe_load(file.read()) if file else {}
            found[name] = merged(below, found.get(name) or {})
        return found

    def facts(self, release: str, namespace: str, values: Mapping[str, Any]) -> Dict:
        """All facts but its source: what it is, and what comes of the values."""
        described = yaml.safe_load((self.path / "Chart.yaml").read_text())
        objects = parsed(self.render(release, namespace, values))
        plain = parsed(self.render(release, namespace, without_images(values)))
        shipped = [
            each for file in sorted((self.path / "crds").glob("*.yaml"))
            for each in parsed(file.read_text())
        ]  # fmt: skip
        return {
            "version": described["version"],
            "app_version": described["appVersion"],
            "images": sorted(images(plain)),
            "definitions": definitions(shipped),
            "templated_definitions": definitions(objects),
            "accounts": sorted(names(objects, "ServiceAccount")),
            "services": {
                each["metadata"]["name"]: sorted(port["port"] for port in each["spec"]["ports"])
                for each in objects
                if each["kind"] == "Service"
            },
            "pods": {
                each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"][
                    "app.kubernetes.io/name"
                ]
                for each in objects
                if each["kind"] in WORKLOADS
            },
            "values": dict(sorted(kinds_of(values, self.defaults()))),
        }


def merged(below: Dict, above: Mapping[str, Any]) -> Dict:
    """Values over others."""
    found = dict(below)
    for key, value in above.items():
        under = found.get(key)
        both = isinstance(value, Mapping) and isinstance(under, dict)
        found[key] = merged(under, value) if both else value
    return found


def parsed(text: str) -> list[Dict]:
    """Objects of YAML."""
    found = yaml.load_all(text, Loader=LOADER)
    return [each for each in found if isinstance(each, dict) and "kind" in each]


def names(objects: list[Dict], kind: str) -> Iterator[str]:
    """Names of a kind."""
    return (each["metadata"]["name"] for each in objects if each["kind"] == kind)


def definitions(objects: list[Dict]) -> dict[str, str]:
    """Kinds that are defined -> the API versions that are served, the stored one first."""
    found = {}
    for each in objects:
        if each["kind"] == "CustomResourceDefinition":
            spec = each["spec"]
            served = sorted(
                (v for v in spec["versions"] if v["served"]), key=lambda v: not v["storage"]
            )
            versions = " ".join(f"{spec['group']}/{version['name']}" for version in served)
            found[str(spec["names"]["kind"])] = versions
    return dict(sorted(found.items()))


def images(objects: list[Dict]) -> set[str]:
    """Images of all pods, without their digests."""
    return {
        container["image"].split("@")[0]
        for each in objects
        if each["kind"] in WORKLOADS
        for kind in ("initContainers", "containers")
        for container in each["spec"]["template"]["spec"].get(kind) or []
    }


def without_images(values: Mapping[str, Any]) -> Dict:
    """Values without those of images: so the chart's own are rendered."""
    return {
        key: without_images(value) if isinstance(value, Mapping) else value
        for key, value in values.items()
        if key != "image"
    }


def kinds_of(
    values: Mapping[str, Any], chart: Mapping[str, Any], path: str = ""
) -> Iterator[tuple[str, str]]:
    """What kind of value a chart has at each place that is set.

    any: it has none there, and passes on what it is given. That it does is another test's to show.
    """
    for key, value in values.items():
        place, default = f"{path}{key}", chart.get(key)
        if isinstance(value, dict) and isinstance(default, Mapping) and default:
            yield from kinds_of(value, default, f"{place}.")
        elif isinstance(default, Mapping) or default is None or isinstance(value, dict):
            yield place, "any"
        else:
            yield place, KINDS[type(default)]
