"""What is recorded of a release: from the release itself, and once it was verified, for good."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._release import records

ABOUT = {
    **{"release": "rag", "namespace": "prod", "environment": "prod"},
    **{"verified_at": "now", "verified_by": "arn:me"},
}


def image(digest: str, **more: Any) -> dict[str, Any]:
    return {"repository": "here", "digest": digest, "tag": f"of-{digest}", **more}


def ran(
    checksum: str = "a", revision: int = 2, changed: bool = True, **values: Any
) -> dict[str, Any]:
    """What module helm_release tells."""
    parts = {name: {"image": given} for name, given in values.items()}
    release = {
        **{"chart": "rag-0.1.0", "chart_version": "0.1.0", "app_version": "0.1.0"},
        **{"checksum": checksum, "values": {**parts, "chartChecksum": "1a"}},
    }
    return {"revision": revision, "changed": changed, "release": release}


def recorded(revision: int, checksum: str, **images: Any) -> dict[str, dict[str, Any]]:
    found = {"revision": revision, "checksum": checksum, "images": images}
    return {str(revision): {**found, "verified_at": "then", "verified_by": "arn:them"}}


def test_a_record_goes_with_its_revision() -> None:
    texts = {"1": '{"revision": 1}', "2": '{"revision": 2}'}
    assert records.kept(texts, [2, 3]) == {"2": {"revision": 2}}


@pytest.mark.parametrize(
    ("revision", "checksum", "verified"),
    [(2, "a", True), (3, "a", False), (2, "of a release that was uninstalled", False)],
)
def test_what_runs_is_verified_when_its_revision_and_its_content_are(
    revision: int, checksum: str, verified: bool
) -> None:
    assert bool(records.verified(ran("a", 2), recorded(revision, checksum))) is verified


def test_a_record_tells_what_a_release_is_made_of() -> None:
    after = ran(backend=image("1"), frontend=image("2"))
    built = {"backend": image("1", version="1.2.0"), "frontend": image("0", version="9.9.9")}
    found = records.record(after, {}, built, ABOUT, planned=False)
    assert found == {
        **ABOUT,
        **{"revision": 2, "checksum": "a", "chart_checksum": "1a", "version": "of-1"},
        **{"chart": "rag-0.1.0", "chart_version": "0.1.0", "app_version": "0.1.0"},
        "images": {"backend": image("1", version="1.2.0"), "frontend": image("2", version="")},
    }


def test_what_was_verified_keeps_when_and_by_whom() -> None:
    before = recorded(2, "a")
    found = records.record(ran(), before, {}, ABOUT, planned=False)
    assert (found["verified_at"], found["verified_by"]) == ("then", "arn:them")
    assert found["images"] == {}
    assert found["version"] == ""


def test_a_version_is_known_from_earlier_records() -> None:
    """After a rollback no image was built."""
    before = {
        **recorded(1, "z", backend=image("1", version="")),
        **recorded(3, "y", backend=image("1", version="1.1.0")),
    }
    found = records.record(ran(backend=image("1")), before, {}, ABOUT, planned=False)
    assert found["images"]["backend"]["version"] == "1.1.0"


@pytest.mark.parametrize(
    ("planned", "changed", "revision"), [(True, True, 3), (True, False, 2), (False, True, 2)]
)
def test_a_plan_tells_the_next_revision(planned: bool, changed: bool, revision: int) -> None:
    after = ran(revision=2, changed=changed)
    assert records.record(after, {}, {}, ABOUT, planned)["revision"] == revision


def test_the_record_of_what_runs_is_kept_beside_the_others() -> None:
    kept = records.texts({"1": {"revision": 1}, "2": {"of": "before"}}, {"revision": 2, "b": 1})
    assert kept["2"] == '{"b": 1, "revision": 2}'
    assert json.loads(kept["1"]) == {"revision": 1}


def test_a_release_in_words_names_chart_and_tags() -> None:
    images = {"backend": image("1"), "frontend": {**image("2"), "tag": None}}
    assert records.text({"chart": "rag-0.1.0", "images": images}) == "rag-0.1.0, of-1, ?"
