"""The platform is made for the partition `aws`: others are refused, and no ARN is written out."""

from __future__ import annotations

import re
from collections.abc import Iterator

import botocore.loaders
import pytest
from ansible_collections.ragops.platform.plugins.module_utils._inputs.platform import (
    region_problems,
)
from support.checkout import ROOT

# What documents a module is an example, not what it sends.
EXAMPLES = re.compile(
    r'^(DOCUMENTATION|EXAMPLES|RETURN) = r"""\n.*?^"""$', re.MULTILINE | re.DOTALL
)

STAND_INS = ("certificate/to-be-requested",)
"""In a plan, for what AWS has yet to name: sent nowhere."""


def regions() -> Iterator[tuple[str, str]]:
    """Every region that the SDK knows, with its partition."""
    for partition in botocore.loaders.Loader().load_data("endpoints")["partitions"]:
        for region in partition["regions"]:
            yield partition["partition"], region


def test_regions_of_all_other_partitions_are_refused_by_name() -> None:
    known = list(regions())
    assert len({partition for partition, _ in known}) > 4
    for partition, region in known:
        found = " ".join(region_problems("platform_region", region))
        if partition == "aws":
            assert found == ""
        else:
            assert f"'{region}', a region of the partition {partition}." in found


@pytest.mark.parametrize("folder", ["roles", "plugins", "playbooks", "app/chart/templates"])
def test_no_arn_of_one_partition_is_written_out(folder: str) -> None:
    suffixes = {".yml", ".yaml", ".j2", ".json", ".py", ".tpl"}
    files = [path for path in (ROOT / folder).rglob("*") if path.suffix in suffixes]
    assert files
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in files
        for line in EXAMPLES.sub("", path.read_text()).splitlines()
        if re.search(r"arn:aws(-[a-z-]+)?:", line)
        and not line.lstrip().startswith(("#", '"""'))
        and not any(stand_in in line for stand_in in STAND_INS)
    ]
    assert found == []
