# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Lookup addon_releases: the Helm releases of add-ons, as the inputs want them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.plugins.loader import lookup_loader
from ansible.plugins.lookup import LookupBase
from ansible_collections.ragops.platform.plugins.module_utils._cluster_addons.releases import (
    SETTINGS,
    release_of,
)

DOCUMENTATION = r"""
name: addon_releases
version_added: 0.2.0
short_description: The Helm releases of add-ons, as the inputs define them
description:
  - Role C(cluster_addons) has a list of its add-ons, which all have the same inputs. This lookup
    reads these inputs, so that no expression of the role must name an add-on.
options:
  _terms:
    description:
      - The add-ons, each with C(key), C(release) and C(switch). C(switch) is the name of the
        variable that enables the add-on, by V(true) or by the key. Other keys are returned
        unchanged.
      - The inputs of an add-on are C(cluster_addons_<key>_namespace), C(_chart), C(_chart_repo),
        C(_chart_version) and C(_values). An undefined input is an error.
    type: list
    elements: dict
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Say which release would be made
  ansible.builtin.debug:
    msg: "{{ query('ragops.platform.addon_releases', example) }}"
  vars:
    example: {key: example, release: example, switch: cluster_addons_example}
    cluster_addons_example: true
    cluster_addons_example_namespace: kube-system
    cluster_addons_example_chart: example
    cluster_addons_example_chart_repo: https://charts.example.com
    cluster_addons_example_chart_version: 1.2.3
    cluster_addons_example_values: {}
"""

RETURN = r"""
_raw:
  description:
    - The add-ons, each with C(wanted), C(namespace), C(place) (namespace/release), C(chart),
      C(repo), C(version) and C(values).
    - The repository is empty for an oci reference, a folder or an archive. The version is empty for
      a folder or an archive.
  type: list
  elements: dict
"""


class LookupModule(LookupBase):
    """Reads the inputs of each add-on."""

    def run(
        self, terms: list[Mapping[str, Any]], variables: Any = None, **kwargs: Any
    ) -> list[dict[str, Any]]:
        """Return the add-ons with their releases."""
        self.set_options(var_options=variables, direct=kwargs)
        inputs = lookup_loader.get(
            "ansible.builtin.vars", loader=self._loader, templar=self._templar
        )
        found = []
        for addon in terms:
            names = [f"cluster_addons_{addon['key']}_{setting}" for setting in SETTINGS]
            switch, *values = inputs.run([addon["switch"], *names], variables)
            found.append(release_of(addon, switch, dict(zip(SETTINGS, values, strict=True))))
        return found
