#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Bring a Helm release to a chart with values, or back to one of its revisions."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: helm_release
short_description: Install, upgrade or roll back a Helm release by what differs in the cluster
version_added: 0.2.0
author:
  - The ragops.platform authors (@ragops)
description:
  - Renders the chart and asks the API server, by a server-side dry run of each object, what of the
    release would change. Only if something would, helm is run.
  - So a field of an object that was changed by hand is a difference, and put right, and so is what
    kubectl added to the C(spec), C(data) or C(rules) of an object. Fields that the chart doesn't
    name and controllers set, such as the replicas of what is autoscaled, are none.
  - Pods are not waited for; M(ragops.platform.k8s_rollout_status) does that and says why they are
    not up.
  - A release whose last revision failed halfway goes back to the one before first, since helm
    would else keep what the failed one brought.
requirements:
  - python >= 3.11
  - kubernetes
  - helm 3; another major version is refused
attributes:
  check_mode:
    description: Asks the API server for a dry run of each object; nothing is changed.
    support: full
  diff_mode:
    description: Returns the fields of each object that differ, before and after. Of a Secret no
      value is shown.
    support: full
  idempotent:
    description: Helm is run only if an object, the values or the chart differ.
    support: full
options:
  kubeconfig:
    description: Path or content of a kubeconfig; the usual places by default.
    type: raw
  context:
    description: Context of the kubeconfig; the current one by default.
    type: str
  name:
    description: Name of the release.
    type: str
    required: true
  namespace:
    description: Its namespace, which must be there (in check mode it need not).
    type: str
    required: true
  chart:
    description: Folder, archive, oci reference, or the name in O(chart_repo).
    type: str
  chart_version:
    description: Version of a chart that isn't a folder.
    type: str
    default: ""
  chart_repo:
    description: Repository of the chart.
    type: str
    default: ""
  values:
    description: Values. Never a secret; whoever may read the release's Secrets can read them.
    type: dict
    default: {}
  revision:
    description: Earlier revision to go back to, in place of O(chart).
    type: int
  history_max:
    description: How many revisions are kept.
    type: int
    default: 10
  timeout:
    description: Seconds that each command of helm may take.
    type: int
    default: 120
"""

EXAMPLES = r"""
- name: Bring the application out
  ragops.platform.helm_release:
    name: web
    namespace: shop
    chart: charts/web
    values:
      replicas: 2

- name: Take it back
  ragops.platform.helm_release:
    name: web
    namespace: shop
    revision: 1
"""

RETURN = r"""
revision:
  description: Number of the newest revision; in check mode of the one that is there.
  returned: success
  type: int
  sample: 7
status:
  description: Helm's word for it.
  returned: success
  type: str
  sample: deployed
release:
  description: What runs now, or would.
  returned: success
  type: dict
  contains:
    chart:
      description: Name and version.
      type: str
    chart_version:
      description: Version of the chart.
      type: str
    app_version:
      description: Version of the application, by the chart.
      type: str
    checksum:
      description: SHA-256 of all objects as YAML.
      type: str
    values:
      description: The values.
      type: dict
  sample:
    chart: web-0.1.0
    chart_version: 0.1.0
    app_version: 0.1.0
    checksum: 4f1c0f7c0a5e1d3a6a4f0b0d5c2b8e6a7d9c1e3f5a7b9d0c2e4f6a8b0d1e3f50
    values: {replicas: 2}
objects:
  description: The objects that change, by kind, namespace and name.
  returned: success
  type: list
  elements: str
  sample: [deployment shop/web]
"""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ragops.platform.plugins.module_utils._helm.command import (
    Chart,
    Helm,
    HelmError,
)
from ansible_collections.ragops.platform.plugins.module_utils._helm.release import (
    Release,
    described,
)
from ansible_collections.ragops.platform.plugins.module_utils.kube import Kube, KubeError
from ansible_collections.ragops.platform.plugins.module_utils.kubeconfig import ACCESS, secrets_of

ARGUMENTS = {
    **ACCESS,
    "name": {"type": "str", "required": True},
    "namespace": {"type": "str", "required": True},
    "chart": {"type": "str"},
    "chart_version": {"type": "str", "default": ""},
    "chart_repo": {"type": "str", "default": ""},
    "values": {"type": "dict", "default": {}},
    "revision": {"type": "int"},
    "history_max": {"type": "int", "default": 10},
    "timeout": {"type": "int", "default": 120},
}


@contextlib.contextmanager
def kubeconfig_file(module: AnsibleModule) -> Iterator[str]:
    """Yield the path of the kubeconfig; a content is in a file of its own as long as needed."""
    given = module.params["kubeconfig"]
    if not isinstance(given, dict):
        yield str(Path(str(given)).expanduser()) if given else ""
        return
    handle, path = tempfile.mkstemp(prefix="kubeconfig.", dir=module.tmpdir)
    try:
        with os.fdopen(handle, "w") as file:  # made with mode 0600
            json.dump(given, file)
        yield path
    finally:
        Path(path).unlink()


def run(module: AnsibleModule, kubeconfig: str) -> dict:
    """Plan, and do it outside check mode.

    Raises:
        KubeError: the cluster can't be read.
        HelmError: see the message.
    """
    params = module.params
    chart = None
    if params["chart"]:
        chart = Chart(
            params["chart"], params["chart_version"], params["chart_repo"], params["values"]
        )
    helm = Helm(
        kubeconfig,
        params["context"] or "",
        params["namespace"],
        params["name"],
        params["timeout"],
    )
    helm.check()
    release = Release(Kube(params["kubeconfig"], params["context"]), helm, params["history_max"])
    plan = release.plan(chart, params["revision"] or 0)
    newest = plan.last
    if plan.changed and not module.check_mode:
        try:
            release.carry_out(plan, chart, params["revision"] or 0)
        except (KubeError, HelmError) as error:
            module.fail_json(changed=True, msg=str(error))
        newest = release.now()
    return {
        "changed": plan.changed,
        "diff": plan.diff(f"helm release {params['namespace']}/{params['name']}"),
        "revision": newest.number if newest else 0,
        "status": newest.status if newest else "",
        "release": described(plan.target),
        "objects": [str(change.key) for change in plan.changes],
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        supports_check_mode=True,
        mutually_exclusive=[("chart", "revision")],
        required_one_of=[("chart", "revision")],
    )
    module.no_log_values |= secrets_of(module.params["kubeconfig"])
    try:
        with kubeconfig_file(module) as path:
            result = run(module, path)
    except (KubeError, HelmError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
