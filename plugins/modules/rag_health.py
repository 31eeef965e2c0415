#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Verify a running RAG application from outside."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: rag_health
short_description: Verify a running RAG application, its dependencies, and one question end to end
version_added: 0.1.0
author:
  - The ragops.platform authors (@ragops)
description:
  - Checks the connection, liveness, readiness with each dependency, version and latency of the
    backend.
  - Then uploads a document with a unique token, asks a question about it, and expects an answer
    that cites the document. It also asks a question that no document answers, which the backend
    must refuse. It always deletes the document, even after a failure.
  - With O(kubernetes), check C(endpoints) fails until the Service has a ready pod. If there is
    none, the module asks a pod that is not ready for the cause.
  - If a check fails, RV(msg) names the dependency and the cause.
  - Always ends within O(timeout), even if the backend accepts a connection and never answers.
attributes:
  check_mode:
    description: Runs only the checks that read. The others are listed with status C(skipped).
    support: full
  diff_mode:
    description: The module changes nothing permanently.
    support: none
  idempotent:
    description: The synthetic question leaves nothing behind.
    support: full
options:
  url:
    description:
      - Base URL of the backend, such as V(https://rag.example.com).
      - Exactly one of O(url) and O(kubernetes) is required.
      - Certificates are verified against E(SSL_CERT_FILE) or the trust store of the system.
    type: str
  api_key:
    description:
      - API key that the backend asks for, sent as C(Authorization: Bearer).
      - The synthetic question needs a key that may upload and delete documents.
      - Only over C(https) or with O(kubernetes) does nobody on the way see it.
    type: str
    version_added: 0.2.0
  timeout:
    description: Time limit in seconds for all checks together, including retries and clean-up.
    type: int
    default: 120
  request_timeout:
    description: Time limit in seconds for one request.
    type: int
    default: 15
  retries:
    description: Number of retries for the checks of connection, endpoints, liveness, readiness and
      version before they count as failed.
    type: int
    default: 5
  delay:
    description: Seconds between two attempts.
    type: float
    default: 2.0
  stable_for:
    description: Seconds for which the backend must stay ready without a failure.
    type: float
    default: 0.0
  expected_version:
    description:
      - Expected version. C(/version) must report it as C(version) or C(git_sha).
      - Not compared when unset.
    type: str
  latency_requests:
    description:
      - Number of requests for the latency measurement. V(0) disables it.
      - With O(kubernetes) the latency includes the port forwarding, which opens a stream for each
        request.
    type: int
    default: 20
  latency_path:
    description: Path of these requests.
    type: str
    default: /version
  latency_p95_ms:
    description: Limit in milliseconds for the 95th percentile of these requests. A higher value
      gives a warning. Without this option there is no limit.
    type: int
  synthetic:
    description: Whether to ask the synthetic question, which writes one document and deletes it
      again.
    type: bool
    default: true
  synthetic_document:
    description: Text of the document. It must contain C({token}), which stands for the unique
      token.
    type: str
    default: >-
      This note was written by the health check of the platform. The maintenance code of the
      lighthouse at Cape {token}
      is {token}. The lighthouse keeper replaces the lamp of Cape {token} every seven weeks.
  synthetic_question:
    description: Question that the document answers. C({token}) stands for the unique token.
    type: str
    default: What is the maintenance code of the lighthouse at Cape {token}?
  unanswerable_question:
    description: Question that no document answers. The backend must refuse it.
    type: str
    default: Which brand of violin strings did the third mayor of the lunar colony Selenograd
      prefer?
  fail_on:
    description:
      - Lowest verdict with which the task fails, in the order V(warn), V(inconclusive), V(fail).
      - With V(never) the task never fails and only reports.
    type: str
    choices: [fail, inconclusive, warn, never]
    default: fail
extends_documentation_fragment: ragops.platform.relayed
"""

EXAMPLES = r"""
- name: Verify the release that was just rolled out
  ragops.platform.rag_health:
    kubernetes:
      kubeconfig: ~/.kube/config
      namespace: rag
      service: rag-backend
      port: http
    expected_version: 1.4.2
    stable_for: 10

- name: Look at the state without writing and without failing
  ragops.platform.rag_health:
    url: http://127.0.0.1:8000
    synthetic: false
    retries: 0
    fail_on: never
  register: rag_state
"""

RETURN = r"""
msg:
  description: The verdict, and each failed check with its cause, in one line.
  returned: always
  type: str
  sample: "healthy: 9 checks passed"
healthy:
  description: Whether the verdict is C(pass) or C(warn).
  returned: always
  type: bool
  sample: true
verdict:
  description: The worst status of all checks. One of C(pass), C(warn), C(inconclusive), C(fail).
  returned: always
  type: str
  sample: pass
checks:
  description: All checks, in the order in which they ran.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Name such as C(connect), C(endpoints), C(livez), C(readyz),
        C(dependency.milvus), C(version), C(latency), C(synthetic.ask).
      type: str
    severity:
      description: C(critical) or C(warn).
      type: str
    status:
      description: One of C(pass), C(warn), C(fail), C(inconclusive), C(skipped).
      type: str
    observed:
      description: Observed value.
      type: raw
    expected:
      description: Expected value.
      type: raw
    duration_ms:
      description: Milliseconds of the last attempt.
      type: float
    attempts:
      description: Number of attempts.
      type: int
    hint:
      description: Cause and remedy of a check that did not pass.
      type: str
failed_checks:
  description: Names of the failed checks.
  returned: always
  type: list
  elements: str
  sample: []
skipped_checks:
  description: Names of the checks that did not run.
  returned: always
  type: list
  elements: str
  sample: []
dependencies:
  description: Dependencies as C(/readyz) reports them, by name.
  returned: always
  type: dict
  sample: {postgres: {status: pass, latency_ms: 1.2, output: ""}}
versions:
  description: Version expected and observed.
  returned: always
  type: dict
  sample: {expected: 1.4.2, observed: {version: 1.4.2, git_sha: 8c1f2e7}, skew: []}
slo:
  description: Latency of the measured requests. V(null) if none was measured.
  returned: always
  type: dict
  sample: {samples: 20, errors: 0, p50_ms: 2.1, p95_ms: 3.9, p99_ms: 4.4, error_rate: 0.0}
e2e:
  description: Steps of the synthetic question with their milliseconds. V(null) if it was not asked.
  returned: always
  type: dict
  sample: {document_id: 6f1c, steps: [{step: upload, status: pass, duration_ms: 120.5}],
    cleaned_up: true}
attempts:
  description: Number of attempts until the connection, liveness, readiness and version checks
    passed or were given up.
  returned: always
  type: int
  sample: 1
waited_for:
  description: Problem of the last failed attempt that was repeated. Empty if no attempt was
    repeated.
  returned: always
  type: str
  sample: "readyz: not ready, HTTP 503: failed: milvus"
waited_s:
  description: Duration of all checks in seconds.
  returned: always
  type: float
  sample: 3.2
started_at:
  description: Start time in UTC.
  returned: always
  type: str
  sample: "2026-11-22T10:00:00Z"
finished_at:
  description: End time in UTC.
  returned: always
  type: str
  sample: "2026-11-22T10:00:03Z"
"""

import contextlib
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ragops.platform.plugins.module_utils._health.backend import Backend
from ansible_collections.ragops.platform.plugins.module_utils._health.checks import fails
from ansible_collections.ragops.platform.plugins.module_utils._health.verify import Verification
from ansible_collections.ragops.platform.plugins.module_utils._health.web import Client, Clock
from ansible_collections.ragops.platform.plugins.module_utils.kubeconfig import secrets_of
from ansible_collections.ragops.platform.plugins.module_utils.port_forward import (
    OPTIONS,
    Forward,
    PortForwardError,
    port_forward,
)

DOCUMENT = (
    "This note was written by the health check of the platform. The maintenance code of the "
    "lighthouse at Cape {token} is {token}. The lighthouse keeper replaces the lamp of Cape "
    "{token} every seven weeks."
)
UNANSWERABLE = (
    "Which brand of violin strings did the third mayor of the lunar colony Selenograd prefer?"
)

ARGUMENTS = {
    "url": {"type": "str"},
    "kubernetes": OPTIONS,
    "api_key": {"type": "str", "no_log": True},
    "timeout": {"type": "int", "default": 120},
    "request_timeout": {"type": "int", "default": 15},
    "retries": {"type": "int", "default": 5},
    "delay": {"type": "float", "default": 2.0},
    "stable_for": {"type": "float", "default": 0.0},
    "expected_version": {"type": "str"},
    "latency_requests": {"type": "int", "default": 20},
    "latency_path": {"type": "str", "default": "/version"},
    "latency_p95_ms": {"type": "int"},
    "synthetic": {"type": "bool", "default": True},
    "synthetic_document": {"type": "str", "default": DOCUMENT},
    "synthetic_question": {
        "type": "str",
        "default": "What is the maintenance code of the lighthouse at Cape {token}?",
    },
    "unanswerable_question": {"type": "str", "default": UNANSWERABLE},
    "fail_on": {
        "type": "str",
        "choices": ["fail", "inconclusive", "warn", "never"],
        "default": "fail",
    },
}


def input_problem(params: dict) -> str:
    """Return what is wrong with the parameters, or nothing."""
    url = params["url"]
    if url and not url.startswith(("http://", "https://")):
        return f"url {url!r} must start with http:// or https://"
    for option in ("synthetic_document", "synthetic_question"):
        if "{token}" not in params[option]:
            return f"{option} must contain {{token}}, or an old document could pass for the new one"
    if params["timeout"] < 1 or params["request_timeout"] < 1:
        return "timeout and request_timeout must be at least 1 second"
    return ""


def verify(module: AnsibleModule) -> dict:
    """Run all checks against the address, or the service, that the parameters name."""
    params = module.params
    key = params["api_key"] or ""
    # What a question takes is needed to delete its document, too.
    clock = Clock(params["timeout"], reserve=min(10.0, params["timeout"] * 0.2))
    if params["url"]:
        client = Client(params["url"], clock, params["request_timeout"], api_key=key)
        return Verification(Backend(client, params), module.check_mode).run()
    with contextlib.ExitStack() as stack:
        forward = open_forward(stack, params, clock)
        base = f"http://{forward.host}:{forward.port}"
        limit = params["request_timeout"]
        client = Client(base, clock, limit, proxies=False, causes=forward.errors, api_key=key)
        backend = Backend(client, params, forward.unready)
        return Verification(backend, module.check_mode).run()


def open_forward(stack: contextlib.ExitStack, params: dict, clock: Clock) -> Forward:
    """Relay to a pod of the Service; one that is not there yet is waited for like readiness."""
    attempts = 1
    while True:
        try:
            return stack.enter_context(port_forward(params["kubernetes"], unready=True))
        except PortForwardError:
            if attempts > params["retries"] or clock.left() <= params["delay"]:
                raise
        attempts += 1
        time.sleep(params["delay"])


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        supports_check_mode=True,
        mutually_exclusive=[("url", "kubernetes")],
        required_one_of=[("url", "kubernetes")],
    )
    if problem := input_problem(module.params):
        module.fail_json(msg=problem)
    module.no_log_values |= secrets_of((module.params["kubernetes"] or {}).get("kubeconfig"))
    try:
        result = verify(module)
    except PortForwardError as error:
        module.fail_json(msg=f"the backend cannot be reached: {error}")
    if fails(result["verdict"], module.params["fail_on"]):
        module.fail_json(changed=False, **result)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
