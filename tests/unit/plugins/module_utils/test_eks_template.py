"""Launch templates: what AWS adds to a version is no difference; what others add is."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._eks import template

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
