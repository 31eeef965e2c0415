# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the inputs of role app_rollout must be."""

from __future__ import annotations

from collections.abc import Iterator

from .._inputs import forms
from .._inputs.rules import Inputs, Rules, Run
from . import exposure, people, trust

ADDRESS = forms.pattern(r"|https?://[^\s/]+", "an address such as https://milvus.milvus.svc:19530")


def problems(inputs: Inputs, run: Run) -> Iterator[str]:
    """Yield what is wrong with who reaches the application, and whom it believes."""
    yield from exposure.problems(inputs, run.region, _controller(run))
    yield from people.problems(inputs)
    yield from trust.problems(inputs, run.of("rds"), run.roles, run.region)


def warnings(inputs: Inputs, run: Run) -> Iterator[str]:
    """Yield what is allowed, and better known."""
    yield from exposure.warnings(inputs, _controller(run))


def _controller(run: Run) -> bool:
    """Whether the run installs the load balancer controller."""
    return bool(run.of("cluster_addons").get("cluster_addons_load_balancer_controller"))


RULES = Rules(
    problems=problems,
    warnings=warnings,
    forms={
        "app_rollout_chart_version": forms.VERSION_OR_NONE,
        "app_rollout_milvus_collection": forms.COLLECTION,
        "app_rollout_milvus_uri": ADDRESS,
        "app_rollout_release": forms.RELEASE,
        "app_rollout_waf_acl_arn": forms.WEB_ACL,
    },
    at_least={"app_rollout_history": 1, "app_rollout_revision": 0},
    needs=("eks",),
)
