#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Wait until the workloads of a release are ready, or report why they are not."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: k8s_rollout_status
short_description: Wait until the workloads of a release are ready, or report why they are not
version_added: 0.2.0
author:
  - The ragops.platform authors (@ragops)
description:
  - Waits until Deployments, StatefulSets and DaemonSets run their newest generation completely. It
    selects them by Helm release, by labels, or by both.
  - If they are not ready, RV(msg) and RV(causes) report why. They quote the registry, the
    scheduler, the kubelet or the API server, and the last log lines of a crashing container.
  - The wait ends early if the cause cannot resolve itself, such as an image that the registry does
    not have. Even then it lasts for O(grace), because the missing object may be created next.
  - Values of the Secrets of a pod are masked in messages and log lines. If the module may not read
    these Secrets, it shows no log lines. - Changes nothing.
requirements:
  - python >= 3.11
  - kubernetes
attributes:
  check_mode:
    description: Does the same. Use O(timeout=0) to look only once.
    support: full
  diff_mode:
    description: Nothing is changed.
    support: none
  idempotent:
    description: Nothing is changed.
    support: full
options:
  kubeconfig:
    description: Path or content of a kubeconfig. Defaults to the usual places.
    type: raw
  context:
    description: Context of the kubeconfig. Defaults to the current context.
    type: str
  namespace:
    description: Namespace of the workloads.
    type: str
    required: true
  release:
    description: Helm release of the workloads, found by the annotation of Helm or the label
      C(app.kubernetes.io/instance).
    type: str
    default: ""
  labels:
    description: Labels that the workloads must carry.
    type: dict
    default: {}
  empty:
    description: Whether it is allowed that there is no workload at all. Use it for an installed
      release whose chart may have no workloads.
    type: bool
    default: false
  timeout:
    description: Seconds within which all workloads must be ready.
    type: int
    default: 300
  grace:
    description:
      - Seconds for which a cause may last that cannot resolve itself. Examples are a missing image,
        Secret or command, an exceeded quota, and a refused pod.
      - Also the time limit for finding no workload at all, and for getting no answer from the API
        server.
    type: int
    default: 20
  capacity_grace:
    description: Seconds for which a pod may have no node if no autoscaler has requested one. If the
      autoscaler reports that no node group would help, O(grace) applies instead. O(grace) then
      starts when no pod of the namespace is terminating.
    type: int
    default: 180
  scale_up_grace:
    description: Seconds for which a pod may have no node after the autoscaler requested one. The
      cluster autoscaler reports this as event C(TriggeredScaleUp), Karpenter as C(Nominated). A new
      node needs minutes until it accepts pods. O(timeout) ends the wait in any case.
    type: int
    default: 600
  stable_for:
    description: Seconds for which all workloads must stay ready. Not used if they have been ready
      for over a minute, or if each container has a readiness or startup probe. A container without
      a probe counts as ready even if it crashes a moment later.
    type: int
    default: 3
  crashes:
    description: Number of crashes after which a container counts as crashing continuously.
    type: int
    default: 3
  log_lines:
    description: Number of log lines to show of a crashing container.
    type: int
    default: 20
"""

EXAMPLES = r"""
- name: Wait for the application
  ragops.platform.k8s_rollout_status:
    namespace: rag
    release: rag
    timeout: 300

- name: Wait for one component, with more patience for a cluster that grows
  ragops.platform.k8s_rollout_status:
    namespace: rag
    labels:
      app.kubernetes.io/component: backend
    capacity_grace: 600
    timeout: 900
"""

RETURN = r"""
ready:
  description: Whether all workloads are ready.
  returned: always
  type: bool
  sample: false
seconds:
  description: Seconds until the result was known.
  returned: always
  type: float
  sample: 21.3
early:
  description: Whether the wait ended early because the cause cannot resolve itself.
  returned: always
  type: bool
  sample: true
workloads:
  description: The workloads, sorted by kind and name.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Kind and name.
      type: str
    ready:
      description: Whether the workload is ready.
      type: bool
    state:
      description: Progress of the rollout.
      type: str
  sample:
    - {name: Deployment rag-backend, ready: false, state: "2 of 2 up to date, 0 ready"}
causes:
  description: Why workloads are not ready, at most one entry of each kind per workload.
  returned: always
  type: list
  elements: dict
  contains:
    workload:
      description: Kind and name of the workload.
      type: str
    kind:
      description: C(image_pull), C(crash_loop), C(start_error), C(out_of_memory), C(probe),
        C(readiness_gate), C(config_missing), C(unschedulable), C(volume), C(sandbox),
        C(node_lost), C(evicted), C(terminating), C(quota), C(admission), C(create_failed),
        C(deadline) or C(paused).
      type: str
    object:
      description: The object that has the problem.
      type: str
    message:
      description: The cause as text.
      type: str
    final:
      description: Whether the cause lasted longer than allowed.
      type: bool
    seconds:
      description: Seconds for which the cause was seen.
      type: float
    log:
      description: Last log lines of the container, without values of Secrets.
      type: list
      elements: str
  sample:
    - workload: Deployment rag-backend
      kind: crash_loop
      object: Pod rag-backend-6b5f9d7c4-x2x5l, container backend
      message: ended 3 times with exit code 1
      final: true
      seconds: 18.0
      log: ["rag.errors.ConfigError: REDIS_URL is not an address"]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ragops.platform.plugins.module_utils._rollout.read import Reader
from ansible_collections.ragops.platform.plugins.module_utils._rollout.watch import (
    Limits,
    Outcome,
    Watch,
    report,
)
from ansible_collections.ragops.platform.plugins.module_utils.kube import Kube, KubeError
from ansible_collections.ragops.platform.plugins.module_utils.kubeconfig import ACCESS, secrets_of

ARGUMENTS = {
    **ACCESS,
    "namespace": {"type": "str", "required": True},
    "release": {"type": "str", "default": ""},
    "labels": {"type": "dict", "default": {}},
    "empty": {"type": "bool", "default": False},
    "timeout": {"type": "int", "default": 300},
    "grace": {"type": "int", "default": 20},
    "capacity_grace": {"type": "int", "default": 180},
    "scale_up_grace": {"type": "int", "default": 600},
    "stable_for": {"type": "int", "default": 3},
    "crashes": {"type": "int", "default": 3},
    "log_lines": {"type": "int", "default": 20},
}


def wait(params: dict) -> Outcome:
    """Wait as the parameters say.

    Raises:
        KubeError: the cluster can't be read.
    """
    limits = Limits(
        timeout=params["timeout"],
        grace=params["grace"],
        capacity=params["capacity_grace"],
        scale_up=params["scale_up_grace"],
        stable=params["stable_for"],
        crashes=params["crashes"],
        log_lines=params["log_lines"],
        empty=params["empty"],
    )
    kube = Kube(params["kubeconfig"], params["context"])
    labels = {key: str(value) for key, value in params["labels"].items()}
    return Watch(Reader(kube, params["namespace"], params["release"], labels), limits).run()


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params = module.params
    waits = ("timeout", "grace", "capacity_grace", "scale_up_grace")
    negative = [name for name in waits if params[name] < 0]
    if negative or params["crashes"] < 1:
        module.fail_json(msg=f"{', '.join(negative) or 'crashes'}: give a positive number")
    module.no_log_values |= secrets_of(params["kubeconfig"])
    if params["release"]:
        what = f"Release {params['release']} in {params['namespace']}"
    else:
        labels = ",".join(f"{key}={value}" for key, value in params["labels"].items())
        what = f"Namespace {params['namespace']}" + (f" ({labels})" if labels else "")
    try:
        outcome = wait(params)
    except KubeError as error:
        module.fail_json(msg=f"{what}: {error}")
    result = {
        "changed": False,
        "ready": outcome.ready,
        "seconds": round(outcome.seconds, 1),
        "early": outcome.early,
        "workloads": outcome.workloads,
        "causes": [finding.as_dict() for finding in outcome.findings],
        "msg": report(what, outcome),
    }
    if not outcome.ready:
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
