"""What the autoscaler's stand-in tells pods: once, and again what the API did not take."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.autoscaler.__main__ import Controller
from rehearsal.autoscaler.plan import Growth
from rehearsal.cluster.api import ApiError

POD = {"metadata": {"name": "choosy", "uid": "1"}}
WHY = "pod didn't trigger scale-up: 1 max node group size reached"


class Busy:
    """A cluster whose API answers the first event with nothing."""

    def __init__(self) -> None:
        self.asked = 0
        self.told: list[str] = []

    def tell(self, what: Any, kind: str, reason: str, text: str) -> None:
        self.asked += 1
        if self.asked == 1:
            raise ApiError(0, "POST events: timed out")
        self.told.append(f"{kind} {what['metadata']['name']} {reason}: {text}")


def test_what_the_api_did_not_take_is_told_in_the_next_round_and_then_no_more() -> None:
    controller = object.__new__(Controller)
    controller._told, cluster = {}, Busy()
    controller._cluster = cluster
    with pytest.raises(ApiError):
        controller._grow(Growth(hopeless=[(POD, WHY)]), [])
    for _ in range(2):
        controller._grow(Growth(hopeless=[(POD, WHY)]), [])
    assert cluster.told == [f"Pod choosy NotTriggerScaleUp: {WHY}"]
