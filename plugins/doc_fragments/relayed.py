# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Documentation that the modules share which reach a service in the cluster."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragments of documentation, by the name after the dot."""

    DOCUMENTATION = r"""
requirements:
  - python >= 3.11
  - kubernetes (with O(kubernetes))
options:
  kubernetes:
    description:
      - Connects to the server through the Kubernetes API instead of by its address. No port of the
        cluster is opened.
      - The module forwards a loopback port to a ready pod behind the Service, as C(kubectl
        port-forward) does.
      - Needs the RBAC verbs C(get) on services, C(list) on pods, C(list) on endpointslices and
        C(create) and C(get) on pods/portforward in the namespace.
    type: dict
    suboptions:
      kubeconfig:
        description:
          - Path of a kubeconfig, or its content as a dictionary.
          - Without it E(KUBECONFIG), C(~/.kube/config) or the service account of the pod is used.
        type: raw
      context:
        description: Context of the kubeconfig. Defaults to the current context.
        type: str
      namespace:
        description: Namespace of the Service.
        type: str
        required: true
      service:
        description: Name of the Service.
        type: str
        required: true
      port:
        description: Port of the Service, by number or by name.
        type: str
        required: true
"""
