"""Launch templates: what AWS adds to a version is no difference; what others add is."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._eks import template
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Plan, tag_list
from support.stubbed import Script

DATA = template.data_of({"name": "main", "disk_size": 20}, ["sg-b", "sg-a"], {"Project": "x"})


def test_aws_may_sort_and_add() -> None:
    reported = {
        **DATA,
        "SecurityGroupIds": ["sg-b", "sg-a"],
        "MetadataOptions": {**DATA["MetadataOptions"], "State": "applied"},
        "TagSpecifications": list(reversed(DATA["TagSpecifications"])),
    }
    assert template.shape(reported) == template.shape(DATA)


@pytest.mark.parametrize(
    "change",
    [
        {"SecurityGroupIds": ["sg-a"]},
        {"MetadataOptions": {"HttpTokens": "optional"}},
        {"BlockDeviceMappings": []},
        {"TagSpecifications": []},
        {"UserData": "IyEvYmluL3No"},
        {"ImageId": "ami-1"},
    ],
)
def test_what_others_change_is_seen(change: dict[str, Any]) -> None:
    assert template.shape({**DATA, **change}) != template.shape(DATA)


TAGS = {"Project": "x"}


def made_just_before(tags: dict[str, str]) -> tuple[Script, Plan]:
    """EC2 refuses a second template of the name, and shows the first one late."""
    known = {"LaunchTemplateId": "lt-1", "LaunchTemplateName": "c-main", "Tags": tag_list(tags)}
    script = Script("ec2").says("describe_launch_templates", {"LaunchTemplates": []})
    script.refuses("create_launch_template", *template.THERE)
    script.says("describe_launch_templates", {"LaunchTemplates": []})
    script.says("describe_launch_templates", {"LaunchTemplates": [known]})
    return script, Plan()


def test_a_template_that_was_made_just_before_is_kept_as_it_is() -> None:
    script, plan = made_just_before(TAGS)
    wanted = {"name": "main", "disk_size": 20}
    data = template.data_of(wanted, ["sg-a"], {**TAGS, "Name": "c-main"})
    latest = {"VersionNumber": 1, "LaunchTemplateData": data}
    script.says("describe_launch_template_versions", {"LaunchTemplateVersions": [latest]})
    with script.played() as api:
        made = template.ensure_present(api, plan, "c", [wanted], ["sg-a"], TAGS)
    assert made == {"main": {"id": "lt-1", "version": "1"}}
    assert not plan.changed


def test_a_template_that_somebody_else_made_just_before_is_left_alone() -> None:
    script, plan = made_just_before({"Project": "theirs"})
    wanted = {"name": "main", "disk_size": 20}
    with script.played() as api, pytest.raises(AwsError, match="Project=theirs"):
        template.ensure_present(api, plan, "c", [wanted], ["sg-a"], TAGS)
