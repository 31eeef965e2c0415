"""Why a release is not taken back or promoted: a row for each sentence."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._release import promotion, rollback

WHERE = "rag in prod"
ONE = {"revision": 1, "checksum": "a"}
TWO = {"revision": 2, "checksum": "b"}
COPY_OF_ONE = {"revision": 3, "checksum": "a"}


def records(*found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {str(each["revision"]): each for each in found}


@pytest.mark.parametrize(
    ("found", "revisions", "asked", "target"),
    [
        ([], [], 0, 0),
        ([ONE], [1], 0, 0),
        ([ONE, TWO], [1, 2], 0, 1),
        ([ONE, TWO, COPY_OF_ONE], [1, 2, 3], 0, 2),
        # What runs was never verified, so any verified one is a way back.
        ([ONE, TWO], [1, 2, 4], 0, 2),
        ([ONE, TWO], [1, 2], 1, 1),
        ([ONE], [1], 9, 9),
    ],
)
def test_the_way_back_is_the_last_verified_release_that_is_another(
    found: list[dict[str, Any]], revisions: list[int], asked: int, target: int
) -> None:
    assert rollback.target(records(*found), revisions, asked) == target


@pytest.mark.parametrize(
    ("found", "revisions", "wanted", "unverified", "said"),
    [
        ([], [], 0, False, "Release rag in prod does not exist, so there is nothing to roll back."),
        (
            *([ONE], [1], 0, False),
            "Release rag in prod has no other verified revision to roll back to; verified are: 1.",
        ),
        (
            *([], [1, 2], 0, True),
            "Release rag in prod has no other verified revision to roll back to;"
            " verified are: none.",
        ),
        (
            *([COPY_OF_ONE, ONE], [1, 2, 3], 9, False),
            "Release rag in prod has no revision 9; there are: 1, 2, 3, verified are: 1, 3.",
        ),
        (
            *([ONE], [1, 2], 2, False),
            "Release rag in prod: revision 2 was never verified; verified are: 1."
            " To roll back to it anyway: -e app_rollout_unverified=true.",
        ),
        ([ONE], [1, 2], 2, True, ""),
        ([ONE, TWO], [1, 2], 1, False, ""),
    ],
)
def test_a_rollback_says_why_not(
    found: list[dict[str, Any]], revisions: list[int], wanted: int, unverified: bool, said: str
) -> None:
    assert rollback.refusal(records(*found), revisions, wanted, unverified, WHERE) == said


@pytest.mark.parametrize(
    ("found", "planned", "changed", "wanted", "said"),
    [
        ([ONE], True, True, True, "This was a plan, so nothing was changed."),
        (
            *([ONE], False, False, True),
            "This run did not change the release, so there is nothing to roll back.",
        ),
        (
            *([ONE], False, True, False),
            "The release was not rolled back (app_rollout_rollback is false),"
            " so the failed revision is still deployed.",
        ),
        (
            *([], False, True, True),
            "No revision of rag in prod was ever verified, so there is none to roll back to.",
        ),
        ([ONE], False, True, True, ""),
    ],
)
def test_a_rollout_that_failed_says_why_it_stays(
    found: list[dict[str, Any]], planned: bool, changed: bool, wanted: bool, said: str
) -> None:
    assert rollback.stays(records(*found), planned, changed, wanted, WHERE) == said


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        (None, "There is no release rag of environment staging to promote."),
        (
            {"revision": 4, "verified": False},
            "Revision 4 of rag of environment staging, which is running, was never verified. Run"
            " site.yml there.",
        ),
        (
            {"revision": 4, "verified": True, "chart": "rag-0.1.0", "chart_checksum": "1a"},
            "The release in staging was verified with chart rag-0.1.0 (checksum 1a), but the chart"
            " of this checkout differs (2b). Check out the verified version.",
        ),
        ({"revision": 4, "verified": True, "chart": "rag-0.1.0", "chart_checksum": "2b"}, ""),
    ],
)
def test_a_promotion_says_why_not(runs: dict[str, Any] | None, said: str) -> None:
    assert promotion.refusal(runs, "rag", "staging", "2b") == said


def test_what_was_verified_is_copied_and_keeps_its_version() -> None:
    image = {"digest": "sha256:1", "tag": "1a"}
    verified = {"backend": {**image, "repository": "there/backend", "version": "1.2.0"}}
    assert promotion.copies(verified, {"backend": "here/backend", "frontend": "here/f"}) == [
        {"name": "backend", "source": "there/backend", "repository": "here/backend", **image}
    ]
    answer = {"name": "backend", "repository": "here/backend", "reference": "x", **image}
    assert promotion.copied([answer], verified) == {
        "backend": {"repository": "here/backend", "version": "1.2.0", **image}
    }
