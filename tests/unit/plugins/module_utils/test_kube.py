"""Requests to the Kubernetes API: a token that ended on its way is no failure."""

from __future__ import annotations

import pytest
from ansible_collections.ragops.platform.plugins.module_utils import kube
from support.kube_server import Api, serving

PODS = "/api/v1/pods"


def refusing(times: int) -> Api:
    """An API that rejects the first requests' tokens."""
    api = Api(answers={PODS: 401})

    def look() -> None:
        if len(api.asked) > times:
            api.answers[PODS] = {"items": []}

    api.look = look
    return api


def test_a_rejected_token_is_tried_anew_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kube, "RENEWAL", 0.0)
    api = refusing(1)
    with serving(api) as kubeconfig:
        assert kube.Kube(kubeconfig).items(PODS) == []
    assert api.asked == [PODS, PODS]


def test_what_is_rejected_again_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kube, "RENEWAL", 0.0)
    api = refusing(2)
    with serving(api) as kubeconfig, pytest.raises(kube.KubeError, match="HTTP 401") as said:
        kube.Kube(kubeconfig).items(PODS)
    assert said.value.status == 401
    assert api.asked == [PODS, PODS]
