"""Whose a resource is: four tags together, of which ManagedBy has a value that nobody else sets."""

from __future__ import annotations

import re
import shlex

import pytest
from ansible_collections.ragops.platform.plugins.module_utils import ownership
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from support.checkout import ROOT

COMPANY = {"Project": "ragops", "Environment": "dev"}
MINE = {**COMPANY, "Component": "s3", "ManagedBy": "ragops.platform"}

# What somebody else's resource of our name looks like.
LOOK_ALIKES = {
    "company tags only": COMPANY,
    "no tags": {},
    "another tool": {**MINE, "ManagedBy": "terraform"},
    "another environment": {**MINE, "Environment": "prod"},
    "another component": {**MINE, "Component": "kms"},
}


@pytest.mark.parametrize("tags", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_a_look_alike_is_neither_taken_up_nor_removed(tags: dict[str, str]) -> None:
    assert not ownership.is_ours(tags, MINE)
    assert not ownership.is_takeable(tags, MINE)
    with pytest.raises(
        AwsError, match=r"bucket b belongs to somebody else: it is tagged .* Rename it"
    ):
        ownership.refuse_others("bucket b", tags, MINE)
    with pytest.raises(AwsError, match=r"bucket b is not removed.*tag it"):
        ownership.require_ours("bucket b", tags, MINE)


@pytest.mark.parametrize("tags", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_each_refusal_says_the_command_that_makes_it_ours(tags: dict[str, str]) -> None:
    """Whoever owns it takes it over on purpose: with the tags that the command sets."""
    for refuse in (ownership.refuse_others, ownership.require_ours):
        with pytest.raises(ownership.NotOurs) as refused:
            refuse("bucket b", tags, MINE)
        command = re.search(r"\((aws [^)]*)\)", str(refused.value))
        assert command
        words = shlex.split(command.group(1).replace("<its ARN>", "arn:aws:s3:::b"))
        assert words[:3] == ["aws", "resourcegroupstaggingapi", "tag-resources"]
        given = dict(pair.split("=") for pair in words[words.index("--tags") + 1].split(","))
        refuse("bucket b", {**tags, **given}, MINE)


def test_the_tags_that_prove_it_are_said_in_one_place() -> None:
    spelt = re.compile(r'"Project", "Environment"|"ManagedBy": |"Key": "ManagedBy"')
    others = [
        str(file.relative_to(ROOT))
        for file in sorted((ROOT / "plugins").rglob("*.py"))
        if file.name != "ownership.py" and spelt.search(file.read_text())
    ]
    assert others == []


def test_ours_may_be_changed_and_removed() -> None:
    ownership.refuse_others("bucket b", {**MINE, "Owner": "me"}, MINE)
    ownership.refuse_claimed("bucket b", MINE, MINE)
    ownership.require_ours("bucket b", {**MINE, "Owner": "me"}, MINE)


@pytest.mark.parametrize("key", ["Project", "Environment", "Component"])
def test_ours_that_lost_a_tag_gets_it_back_and_is_not_removed(key: str) -> None:
    damaged = {name: value for name, value in MINE.items() if name != key}
    ownership.refuse_others("bucket b", damaged, MINE)
    with pytest.raises(AwsError, match="is not removed"):
        ownership.require_ours("bucket b", damaged, MINE)


def test_what_aws_makes_under_our_name_has_no_tags() -> None:
    ownership.refuse_claimed("log group g", {"Owner": "me"}, MINE)
    for tags in LOOK_ALIKES.values():
        if tags:
            with pytest.raises(AwsError, match="log group g belongs to somebody else"):
                ownership.refuse_claimed("log group g", tags, MINE)


def test_a_platform_is_told_by_its_own_value_of_managed_by() -> None:
    assert ownership.is_of_platform(MINE, "ragops", "dev")
    for tags in (COMPANY, {}, LOOK_ALIKES["another tool"], LOOK_ALIKES["another environment"]):
        assert not ownership.is_of_platform(tags, "ragops", "dev")


def test_without_own_tags_nothing_is_ours() -> None:
    assert not ownership.is_ours({}, {"Owner": "me"})
