"""The policies of docs/iam as somebody has them who filled them in for the emulated account."""

from __future__ import annotations

import json
from typing import Any

from support.checkout import ROOT

ACCOUNT, REGION = "000000000000", "us-east-1"


def filled(document: str, name: str = "ragops-prod", **places: str) -> dict[str, Any]:
    """Return a policy of docs/iam without a place that is still to be filled in.

    Args:
        document: its file's name without suffix.
        name: a platform's, as <project>-<environment>.
        places: what else is to be filled in, such as host.
    """
    project, _, environment = name.partition("-")
    known = {"account": ACCOUNT, "region": REGION, "name": name, "project": project}
    text = (ROOT / f"docs/iam/{document}.json").read_text()
    for place, value in {**known, "environment": environment, **places}.items():
        text = text.replace(f"<{place}>", value)
    assert "<" not in text, f"docs/iam/{document}.json has more to fill in: {text}"
    found: dict[str, Any] = json.loads(text)
    return found
