"""Which namespaces the platform did not make."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._helm.owner import (
    namespaces_of_others,
)

LABEL = "app.kubernetes.io/managed-by"


def namespace(name: str, **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, **metadata}}


def test_a_namespace_that_is_not_there_is_nobodys() -> None:
    assert namespaces_of_others([]) == []


def test_the_platforms_own_is_known_by_its_label() -> None:
    own = namespace("milvus", labels={LABEL: "ragops.platform", "team": "search"})
    assert namespaces_of_others([own]) == []


@pytest.mark.parametrize(
    "metadata", [{}, {"labels": None}, {"labels": {}}, {"labels": {LABEL: "Helm"}}]
)
def test_any_other_is_somebody_elses(metadata: dict[str, Any]) -> None:
    assert namespaces_of_others([namespace("milvus", **metadata)]) == ["milvus"]


def test_they_are_told_in_order() -> None:
    assert namespaces_of_others(map(namespace, ("b", "a"))) == ["a", "b"]
