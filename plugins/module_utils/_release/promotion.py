# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What was verified in another environment, brought into this one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .records import Dict

Images = Mapping[str, Mapping[str, Any]]


def refusal(
    promoted: Mapping[str, Any] | None, release: str, environment: str, chart_checksum: str
) -> str:
    """Return why what runs in an environment is not promoted; empty if it may be.

    Args:
        promoted: what runs there, by module platform_info; None without a release.
        release: its name.
        environment: name of the environment it would come from.
        chart_checksum: of the chart in this checkout.
    """
    where = f"{release} of environment {environment}"
    if not promoted:
        return f"There is no release {where} to promote."
    if not promoted["verified"]:
        return (
            f"Revision {promoted['revision']} of {where}, which is running, was never verified."
            " Run site.yml there."
        )
    if promoted["chart_checksum"] != chart_checksum:
        return (
            f"The release in {environment} was verified with chart {promoted['chart']} (checksum"
            f" {promoted['chart_checksum']}), but the chart of this checkout differs"
            f" ({chart_checksum}). Check out the verified version."
        )
    return ""


def copies(images: Images, repositories: Mapping[str, str]) -> list[Dict]:
    """Return what module container_image_copy is to copy.

    Args:
        images: what was verified, by part.
        repositories: of this environment, by part.
    """
    return [
        {
            "name": name,
            "source": image["repository"],
            "digest": image["digest"],
            "tag": image["tag"],
            "repository": repositories[name],
        }
        for name, image in images.items()
    ]


def copied(answers: Iterable[Mapping[str, Any]], images: Images) -> dict[str, Dict]:
    """Return the images of this environment, by part.

    Args:
        answers: what module container_image_copy tells of each.
        images: what was verified, by part, with their versions.
    """
    return {
        image["name"]: {
            **{key: image[key] for key in ("repository", "digest", "tag")},
            "version": images[image["name"]]["version"],
        }
        for image in answers
    }
