#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Wait until the workloads of a release are up, or say why they are not."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: k8s_rollout_status
short_description: Wait until the workloads of a release run their newest generation, or say why not
version_added: 0.2.0
author:
  - The ragops.platform authors (@ragops)
description:
  - Waits until all Deployments, StatefulSets and DaemonSets of a Helm release, or with certain
    labels, run their newest generation completely.
  - When they do not, RV(msg) and RV(causes) say why, in the words of the registry, the scheduler,
    the kubelet or the API server, with the last log lines of a container that crashes.
  - The wait ends early when the cause can't heal by itself, such as an image that the registry
    does not have. It ends after O(grace), since what is missing may be the next thing made.
  - Values of the Secrets that a pod refers to are replaced in messages and log lines. Where they
    may not be read, log lines are not shown.
  - Nothing is changed.
requirements:
  - python >= 3.11
  - kubernetes
attributes:
  check_mode:
    description: Does the same; give a O(timeout) of V(0) to look once.
    support: full
  diff_mode:
    description: Nothing is changed.
    support: none
  idempotent:
    description: Nothing is changed.
    support: full
options:
  kubeconfig:
    description: Path or content of a kubeconfig; the usual places by default.
    type: raw
  context:
    description: Context of the kubeconfig; the current one by default.
    type: str
  namespace:
    description: Namespace of the workloads.
    type: str
    required: true
  release:
    description: Helm release of the workloads, by Helm's annotation or the label
      C(app.kubernetes.io/instance).
    type: str
    default: ""
  labels:
    description: Labels that the workloads must carry.
    type: dict
    default: {}
  empty:
    description: Whether there may be no workload at all. Set it for a release that Helm has
      already installed and whose chart may have none.
    type: bool
    default: false
  timeout:
    description: Seconds in which all workloads must be up.
    type: int
    default: 300
  grace:
    description:
      - Seconds that a cause may last which can't heal by itself (no such image, a missing Secret, a
        quota, a refused pod, a command that isn't there).
      - Also how long there may be no workload at all, or no answer of the API server.
    type: int
    default: 20
  capacity_grace:
    description: Seconds that a pod may find no node while no autoscaler has asked for one.
      Where it says that no node group would help, O(grace) counts, once no pod of the namespace
      is about to end and to leave its place.
    type: int
    default: 180
  scale_up_grace:
    description: Seconds that a pod may find no node after the cluster autoscaler (event
      C(TriggeredScaleUp)) or Karpenter (C(Nominated)) asked for one. A machine needs minutes until
      its node takes pods. O(timeout) ends the wait in any case.
    type: int
    default: 600
  stable_for:
    description: Seconds for which all must stay ready, unless they are so for longer than a minute,
      or each container has a readiness or startup probe. One without is ready even if it ends a
      moment later.
    type: int
    default: 3
  crashes:
    description: After so many ends a container is taken for one that goes on crashing.
    type: int
    default: 3
  log_lines:
    description: Last lines of the log to show of a container that crashes.
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
  description: Whether all workloads are up.
  returned: always
  type: bool
  sample: false
seconds:
  description: Seconds that it took to know.
  returned: always
  type: float
  sample: 21.3
early:
  description: Whether the wait ended since the cause can't heal by itself.
  returned: always
  type: bool
  sample: true
workloads:
  description: The workloads in order of kind and name.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Kind and name.
      type: str
    ready:
      description: Whether it is up.
      type: bool
    state:
      description: How far it is.
      type: str
  sample:
    - {name: Deployment rag-backend, ready: false, state: "2 of 2 up to date, 0 ready"}
causes:
  description: Why workloads are not up, one of a kind for each workload.
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
      description: What it is about.
      type: str
    message:
      description: The cause in words.
      type: str
    final:
      description: Whether it lasted longer than it may.
      type: bool
    seconds:
      description: For how long it was seen.
      type: float
    log:
      description: Last lines of the container, without values of Secrets.
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
