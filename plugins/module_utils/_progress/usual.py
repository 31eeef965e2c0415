# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""How long AWS usually takes, in minutes, by what waits are about.

From public logs of Terraform and eksctl runs of 2023 to 2026 and AWS's user guides; a single
database is faster than one in several zones, so ranges are wide.
"""

from __future__ import annotations

import re

USUAL: tuple[tuple[str, str], ...] = (
    (r"node group .*DELETING", "6 to 9"),
    (r"node group ", "2 to 6"),
    (r"EKS cluster .*DELETING", "1 to 4"),
    (r"EKS cluster .*CREATING", "8 to 16"),
    (r"EKS cluster .*(VersionUpdate|UPDATING)", "8 to 25"),
    (r"add-?on ", "1 to 2"),
    (r"NAT gateway", "1 to 3"),
    (r"endpoint ", "1 to 3"),
    (r"RDS .*deleting", "4 to 9"),
    (r"RDS ", "4 to 20"),
    (r"(ElastiCache|replication group) .*deleting", "4 to 6"),
    (r"(ElastiCache|replication group) ", "6 to 10"),
)


def usual(about: str, state: str) -> str:
    """Return the minutes that this usually takes ("8 to 16"); empty if that is not known."""
    text = f"{about} {state}"
    return next((minutes for pattern, minutes in USUAL if re.search(pattern, text)), "")
