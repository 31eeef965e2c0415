#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Install, upgrade, roll back or remove a Helm release."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: helm_release
short_description: Install, upgrade, roll back or remove a Helm release if it differs
version_added: 0.2.0
author:
  - The ragops.platform authors (@ragops)
description:
  - Renders the chart, and finds the differences with a server-side dry run of each object. It runs
    helm only if something would change.
  - So it finds and repairs fields that were changed by hand. It also removes what kubectl added to
    the C(spec), C(data) or C(rules) of an object. It ignores fields that controllers set and the
    chart does not name, such as the replicas of an autoscaled workload.
  - Does not wait for pods. M(ragops.platform.k8s_rollout_status) does, and reports why pods are not
    ready.
  - If the last revision failed halfway, the release is rolled back to the revision before it first.
    Otherwise helm would keep the objects of the failed revision.
requirements:
  - python >= 3.11
  - kubernetes
  - helm 3.13 or newer, or helm 4. The module makes helm 4 apply objects on the client side, as helm
    3 does, so that both can change the same release.
attributes:
  check_mode:
    description: Asks the API server for a dry run of each object, and changes nothing.
    support: full
  diff_mode:
    description: Returns the fields of each object that differ, before and after. Values of Secrets
      are not shown.
    support: full
  idempotent:
    description: Runs helm only if an object, the values or the chart differ.
    support: full
options:
  kubeconfig:
    description: Path or content of a kubeconfig. Defaults to the usual places.
    type: raw
  context:
    description: Context of the kubeconfig. Defaults to the current context.
    type: str
  name:
    description: Name of the release.
    type: str
    required: true
  namespace:
    description: Namespace of the release. It must exist, except in check mode.
    type: str
    required: true
  state:
    description:
      - V(present) installs, upgrades or rolls back the release. V(absent) uninstalls it with its
        history, and waits until its objects are deleted.
    type: str
    choices: [present, absent]
    default: present
  owner:
    description:
      - Value of the label C(ragops.platform/platform), which marks the releases of one owner. For a
        release without it, O(state=present) fails, and O(state=absent) keeps the release with a
        warning. This does not apply if its namespace has the label
        C(app.kubernetes.io/managed-by=ragops.platform).
      - By default releases get no label, and the label is not checked.
    type: str
    default: ""
  chart:
    description: Folder, archive or oci reference of the chart, or its name in O(chart_repo).
    type: str
  chart_version:
    description: Version of the chart. Not used for a folder.
    type: str
    default: ""
  chart_repo:
    description: Repository of the chart.
    type: str
    default: ""
  values:
    description: Values of the chart. Never pass a secret, because everybody who may read the
      Secrets of the release can read the values.
    type: dict
    default: {}
  revision:
    description: Earlier revision to roll back to, instead of O(chart).
    type: int
  history_max:
    description: Number of revisions to keep.
    type: int
    default: 10
  timeout:
    description: Time limit in seconds for each helm command, and for the deletion of objects.
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
  description: Number of the newest revision. In check mode the existing one. 0 if there is none.
  returned: success
  type: int
  sample: 7
status:
  description: Status of the release, as Helm reports it.
  returned: success
  type: str
  sample: deployed
release:
  description: The release that runs now, or would run.
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
      description: Version of the application, as the chart names it.
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
            module.warn(f"{whose}. It was not changed.")
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
