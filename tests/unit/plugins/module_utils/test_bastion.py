"""An instance that was launched just before is called running when AWS shows it so."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._bastion import ensure
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Plan
from support.stubbed import Script

ID = "i-0123456789abcdef0"


def shown(state: str, **more: Any) -> dict[str, Any]:
    item = {"InstanceId": ID, "State": {"Name": state}, **more}
    return {"Reservations": [{"Instances": [item]}]}


def run(api: Any, timeout: float = 10) -> ensure.Run:
    return ensure.Run(api, Plan(), {"name": "x", "wait_timeout": timeout})


def test_one_that_is_not_shown_yet_is_waited_for() -> None:
    script = Script("ec2").says("describe_instances", {"Reservations": []})
    script.says("describe_instances", shown("pending")).says("describe_instances", shown("running"))
    with script.played() as api:
        ensure._await_state(run(api), [ID], ("running",))


def test_one_that_is_never_shown_is_a_time_out_that_says_so() -> None:
    script = Script("ec2").says("describe_instances", {"Reservations": []})
    with script.played() as api, pytest.raises(AwsError, match=f"last seen: {ID} not seen"):
        ensure._await_state(run(api, 0), [ID], ("running",))


def test_one_that_somebody_ended_is_no_success() -> None:
    """Unknown to AWS, it is not running."""
    script = Script("ec2").refuses("describe_instances", "InvalidInstanceID.NotFound")
    with script.played() as api, pytest.raises(AwsError, match=r"InvalidInstanceID\.NotFound"):
        ensure._await_state(run(api), [ID], ("running",))


def test_one_that_is_gone_has_ended() -> None:
    script = Script("ec2").refuses("describe_instances", "InvalidInstanceID.NotFound")
    with script.played() as api:
        ensure._await_state(run(api), [ID], ("terminated",))
