"""Where things of Kubernetes are."""

from __future__ import annotations

from ansible_collections.ragops.platform.plugins.module_utils import _places as places

OURS = {"namespace": "a", "name": "ours", "labels": {"by": "us", "more": "1"}}
BARE = {"namespace": "a", "name": "bare"}


def test_a_place_is_namespace_and_name() -> None:
    assert places.of([OURS, BARE]) == ["a/ours", "a/bare"]
    assert places.of([{"namespace": "a", "release": "r"}], "release") == ["a/r"]


def test_those_that_lack_a_label_are_left_out() -> None:
    assert places.of([OURS, BARE, {**BARE, "labels": None}], labels={"by": "us"}) == ["a/ours"]
    assert places.of([OURS], labels={"by": "us", "other": "2"}) == []
