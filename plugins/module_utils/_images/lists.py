# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The images of role images: what is built of them, and what is there then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Dict = dict[str, Any]

TOLD = ("repository", "tag", "digest", "reference", "changed", "size_mib")
OPTIONAL = ("containerfile", "target")


def specs(
    images: Iterable[Mapping[str, Any]], repositories: Mapping[str, str], common: Mapping[str, Any]
) -> list[Dict]:
    """Return what module container_image builds.

    Args:
        images: as in the input images_list.
        repositories: registry and repository, by key.
        common: `build_args`, `volumes`, `labels` and `platform` of every image.
    """
    return [_spec(image, repositories[image["repository"]], common) for image in images]


def _spec(image: Mapping[str, Any], repository: str, common: Mapping[str, Any]) -> Dict:
    version = {"VERSION": image["version"]} if image.get("version") else {}
    platform = {"platform": common["platform"]} if common["platform"] else {}
    return {
        "name": image["name"],
        "context": image["context"],
        "repository": repository,
        "build_args": {**version, **common["build_args"], **(image.get("build_args") or {})},
        "volumes": [*common["volumes"], *(image.get("volumes") or [])],
        "labels": common["labels"],
        **platform,
        **{key: image[key] for key in OPTIONAL if image.get(key)},
    }


def by_name(
    built: Sequence[Mapping[str, Any]], images: Sequence[Mapping[str, Any]]
) -> dict[str, Dict]:
    """Return what is told of each image.

    Args:
        built: images that module container_image returned.
        images: as in the input images_list, in the same order.
    """
    return {
        each["name"]: {
            **{key: each[key] for key in TOLD if key in each},
            "version": image.get("version", ""),
        }
        for each, image in zip(built, images, strict=True)
    }


def lines(result: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return a line for each image: its reference and its size."""
    return [
        f"{image['reference'] or '(would be built)'}, MiB compressed: {image['size_mib']}"
        for image in result.values()
    ]
