# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Records of verified releases: a ConfigMap keeps them as JSON, by number of the revision."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

Dict = dict[str, Any]
Records = Mapping[str, Mapping[str, Any]]

PARTS = ("backend", "frontend")


def kept(texts: Mapping[str, str], revisions: Collection[int]) -> dict[str, Dict]:
    """Return the records of those revisions that Helm still keeps, by number.

    Args:
        texts: data of the ConfigMap.
        revisions: numbers that Helm keeps.
    """
    records = {number: json.loads(text) for number, text in texts.items()}
    return {number: found for number, found in records.items() if found["revision"] in revisions}


def verified(after: Mapping[str, Any], records: Records) -> Dict:
    """Return the record of what runs; empty if it was never verified.

    A release that was uninstalled by hand counts from 1 again, so the checksum decides.

    Args:
        after: result of module helm_release.
        records: by number of the revision.
    """
    found = dict(records.get(str(after["revision"]), {}))
    return found if found.get("checksum") == after["release"]["checksum"] else {}


def record(
    after: Mapping[str, Any],
    records: Records,
    images: Mapping[str, Mapping[str, Any]],
    about: Mapping[str, Any],
    planned: bool,
) -> Dict:
    """Return what runs, or would after a plan.

    What it is made of is read from the release itself, so that it is true after a rollback, too.

    Args:
        after: result of module helm_release.
        records: by number of the revision.
        images: those of this run, by part, with their versions.
        about: release, namespace, environment; when and by whom it is verified, if it is now.
        planned: whether this is a plan.
    """
    release = after["release"]
    before = verified(after, records)
    known = [images, *(each["images"] for each in records.values())]
    made_of = {name: _image(name, found, known) for name, found in _images(release["values"])}
    return {
        "release": about["release"],
        "namespace": about["namespace"],
        "environment": about["environment"],
        "revision": after["revision"] + (1 if planned and after["changed"] else 0),
        "chart": release["chart"],
        "chart_version": release["chart_version"],
        "chart_checksum": release["values"].get("chartChecksum", ""),
        "app_version": release["app_version"],
        "checksum": release["checksum"],
        "version": made_of.get("backend", {}).get("tag", ""),
        "images": made_of,
        "verified_at": before.get("verified_at", about["verified_at"]),
        "verified_by": before.get("verified_by", about["verified_by"]),
    }


def _images(values: Mapping[str, Any]) -> Iterator[tuple[str, Dict]]:
    """Return the images that a release's values name, by part."""
    for name in PARTS:
        image = values.get(name, {}).get("image")
        if image is not None:
            yield name, image


def _image(name: str, image: Dict, known: Collection[Mapping[str, Any]]) -> Dict:
    """Return a part's image with the version that is known of its digest; values have none."""
    same = (each[name] for each in known if each.get(name, {}).get("digest") == image["digest"])
    versions = [each["version"] for each in same if each.get("version")]
    taken = {key: image[key] for key in ("repository", "digest", "tag")}
    return {**taken, "version": versions[0] if versions else ""}


def texts(records: Records, running: Mapping[str, Any]) -> dict[str, str]:
    """Return the data of the ConfigMap: the records, and that of what runs.

    Args:
        records: by number of the revision.
        running: record of what runs.
    """
    every = {**records, str(running["revision"]): running}
    return {number: json.dumps(found, sort_keys=True) for number, found in every.items()}


def text(record: Mapping[str, Any]) -> str:
    """Return what a release is made of, in words: its chart, and its images' tags."""
    tags = ", ".join(image["tag"] or "?" for image in record["images"].values())
    return f"{record['chart']}, {tags}"
