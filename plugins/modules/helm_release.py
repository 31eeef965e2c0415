#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Bring a Helm release to a chart with values, back to one of its revisions, or away."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: helm_release
short_description: Install, upgrade, roll back or remove a Helm release by what differs
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
  - helm 3.13 or newer, or helm 4; another is refused. Helm 4 is told to apply objects as helm 3
    does, by the client, so that one release may be changed by both.
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
  state:
    description:
      - V(present) installs, upgrades or rolls back; V(absent) uninstalls the release with its
        history, and waits until its objects are gone.
    type: str
    choices: [present, absent]
    default: present
  owner:
    description:
      - Value of the label C(ragops.platform/platform) by which releases are known as one's own.
        A release without it is refused by O(state=present), and left alone with a warning by
        O(state=absent), unless its namespace has the label
        C(app.kubernetes.io/managed-by=ragops.platform).
      - By default releases get no label, and none is asked for.
    type: str
    default: ""
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
    description: Seconds that each command of helm may take, and objects may take to be gone.
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

- name: Take it away
  ragops.platform.helm_release:
    name: web
    namespace: shop
    state: absent
"""

RETURN = r"""
revision:
  description: Number of the newest revision; in check mode of the one that is there. 0 if none.
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
  returned: O(state=present)
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
  returned: O(state=present)
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
from ansible_collections.ragops.platform.plugins.module_utils._helm.history import Revision, read
from ansible_collections.ragops.platform.plugins.module_utils._helm.owner import foreign
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
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "owner": {"type": "str", "default": ""},
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
    helm = Helm(
        kubeconfig,
        params["context"] or "",
        params["namespace"],
        params["name"],
        params["timeout"],
    )
    kube = Kube(params["kubeconfig"], params["context"])
    whose = foreign(kube, helm.namespace, helm.name, params["owner"]) if params["owner"] else ""
    if params["state"] == "absent":
        return remove(module, kube, helm, whose)
    if whose:
        raise HelmError(f"{whose}. Nothing was changed.")
    return bring(module, kube, helm)


def bring(module: AnsibleModule, kube: Kube, helm: Helm) -> dict:
    """Bring the release to its chart, or back to a revision."""
    params = module.params
    chart = None
    if params["chart"]:
        given = (params[key] for key in ("chart", "chart_version", "chart_repo", "values", "owner"))
        chart = Chart(*given)
    release = Release(kube, helm, params["history_max"])
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
        "diff": plan.diff(title(helm)),
        **told(newest),
        "release": described(plan.target),
        "objects": [str(change.key) for change in plan.changes],
    }


def remove(module: AnsibleModule, kube: Kube, helm: Helm, whose: str) -> dict:
    """Uninstall the release, whatever state it is in; one of somebody else's stays."""
    found = read(kube, helm.namespace, helm.name)
    if not found or whose:
        if whose:
            module.warn(f"{whose}. It was left alone.")
        return {"changed": False, "diff": {"before": {}, "after": {}}, **told(None)}
    if not module.check_mode:
        helm.uninstall()
    before = {title(helm): {"revision": found[-1].number, "status": found[-1].status}}
    return {
        "changed": True,
        "diff": {"before": before, "after": {}},
        **told(found[-1] if module.check_mode else None),
    }


def title(helm: Helm) -> str:
    """Return the release's name in a plan."""
    return f"helm release {helm.namespace}/{helm.name}"


def told(newest: Revision | None) -> dict:
    """Return what is told of the newest revision, if there is one."""
    return {"revision": newest.number if newest else 0, "status": newest.status if newest else ""}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        supports_check_mode=True,
        mutually_exclusive=[("chart", "revision")],
        required_if=[("state", "present", ("chart", "revision"), True)],
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
