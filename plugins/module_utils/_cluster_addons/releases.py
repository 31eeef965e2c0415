# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The Helm release of an add-on, as the inputs want it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

SETTINGS = ("namespace", "chart", "chart_repo", "chart_version", "values")
"""Inputs of each add-on: what cluster_addons_<key>_ is followed by."""
WHOLE = re.compile("oci://|[/.]")
"""Charts that need no repository: a reference to a registry, a folder or an archive."""
ON_DISK = re.compile("[/.]")
"""Charts that need no version."""


def release_of(addon: Mapping[str, Any], switch: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return an add-on with its release.

    Args:
        addon: what the role knows of it: key, release and more.
        switch: the value of the input that switches it on.
        given: its own inputs, by SETTINGS.

    Returns:
        The add-on, and wanted (bool), namespace, place (namespace/release), chart, repo, version
        and values. The repository and the version are empty where the chart needs none.
    """
    chart, namespace = str(given["chart"]), str(given["namespace"])
    return {
        **addon,
        "wanted": boolean(switch, strict=False) or switch == addon["key"],
        "namespace": namespace,
        "place": f"{namespace}/{addon['release']}",
        "chart": chart,
        "repo": "" if WHOLE.match(chart) else given["chart_repo"],
        "version": "" if ON_DISK.match(chart) else given["chart_version"],
        "values": given["values"],
    }
