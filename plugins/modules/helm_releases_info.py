#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Read which Helm releases of a list exist, their state and their owner."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: helm_releases_info
short_description: Read which Helm releases exist, their state and their owner
version_added: 0.2.0
author:
  - The ragops.platform authors (@ragops)
description:
  - Reads the Secrets in which Helm stores releases. The program helm is not needed.
requirements:
  - python >= 3.11
  - kubernetes
attributes:
  check_mode:
    description: The module only reads.
    support: full
  diff_mode:
    description: The module changes nothing.
    support: none
  idempotent:
    description: The module only reads.
    support: full
options:
  kubeconfig:
    description: Path or content of a kubeconfig. Defaults to the usual places.
    type: raw
  context:
    description: Context of the kubeconfig. Defaults to the current context.
    type: str
  owner:
    description:
      - Value of the label C(ragops.platform/platform), which marks the releases of one owner, as in
        M(ragops.platform.helm_release#module).
    type: str
    required: true
  releases:
    description: The releases to look for, as C(namespace/name).
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Ask about a release
  ragops.platform.helm_releases_info:
    owner: rag-prod
    releases: [kube-system/metrics-server]
  register: found
"""

RETURN = r"""
releases:
  description: The releases that exist, by C(namespace/name).
  returned: success
  type: dict
  contains:
    revision:
      description: Number of the newest revision.
      type: int
    deployed:
      description: Number of the newest revision that was deployed completely. 0 if there is none.
      type: int
    status:
      description: Status of the newest revision, as Helm reports it.
      type: str
    updated:
      description: Time of the newest revision, in ISO format.
      type: str
    chart_version:
      description: Version of the chart.
      type: str
  sample:
    kube-system/metrics-server:
      {revision: 2, deployed: 2, status: deployed, updated: "2026-05-04T03:02:01Z",
      chart_version: 3.13.1}
foreign:
  description: Releases of another owner, by C(namespace/name). Each value says why, and what to do.
  returned: success
  type: dict
  sample: {}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ragops.platform.plugins.module_utils._helm.history import deployed, read
from ansible_collections.ragops.platform.plugins.module_utils._helm.owner import foreign
from ansible_collections.ragops.platform.plugins.module_utils.kube import Kube, KubeError
from ansible_collections.ragops.platform.plugins.module_utils.kubeconfig import ACCESS, secrets_of

ARGUMENTS = {
    **ACCESS,
    "owner": {"type": "str", "required": True},
    "releases": {"type": "list", "elements": "str", "required": True},
}


def look(kube: Kube, namespace: str, name: str) -> dict:
    """Return what there is of a release, empty if it is not there.

    Raises:
        KubeError: the cluster can't be read.
    """
    revisions = read(kube, namespace, name)
    if not revisions:
        return {}
    newest, whole = revisions[-1], deployed(revisions)
    return {
        "revision": newest.number,
        "deployed": whole.number if whole else 0,
        "status": newest.status,
        "updated": newest.updated,
        "chart_version": str(newest.chart.get("version", "")),
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params = module.params
    module.no_log_values |= secrets_of(params["kubeconfig"])
    found, others = {}, {}
    try:
        kube = Kube(params["kubeconfig"], params["context"])
        for key in params["releases"]:
            namespace, _, name = key.partition("/")
            if there := look(kube, namespace, name):
                found[key] = there
            if whose := foreign(kube, namespace, name, params["owner"]):
                others[key] = whose
    except KubeError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, releases=found, foreign=others)


if __name__ == "__main__":
    main()
