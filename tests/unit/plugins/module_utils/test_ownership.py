"""Whose a resource is, by its tags Project and Environment."""

from __future__ import annotations

import pytest
from ansible_collections.ragops.platform.plugins.module_utils import ownership
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError

MINE = {"Project": "ragops", "Environment": "dev", "Component": "s3"}


@pytest.mark.parametrize(
    ("tags", "ours", "foreign"),
    [
        ({"Project": "ragops", "Environment": "dev", "Component": "kms"}, True, False),
        ({"Project": "ragops", "Environment": "prod"}, False, True),
        ({"Project": "other"}, False, True),
        ({"Project": "ragops"}, False, False),
        ({}, False, False),
    ],
)
def test_tags_tell_whose_it_is(tags: dict[str, str], ours: bool, foreign: bool) -> None:
    assert ownership.is_ours(tags, MINE) is ours
    assert ownership.is_foreign(tags, MINE) is foreign
    if foreign:
        with pytest.raises(AwsError, match=r"bucket b is somebody else's: it is tagged Project="):
            ownership.refuse_foreign("bucket b", tags, MINE)
    else:
        ownership.refuse_foreign("bucket b", tags, MINE)
    if ours:
        ownership.require_ours("bucket b", tags, MINE)
    else:
        with pytest.raises(AwsError, match=r"bucket b is not removed.*add these tags"):
            ownership.require_ours("bucket b", tags, MINE)


def test_without_own_tags_nothing_is_ours() -> None:
    assert not ownership.is_ours({}, {"Component": "s3"})
