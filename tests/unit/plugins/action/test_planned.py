"""Action `planned`: resources of a dry run, and never of a real one."""

from __future__ import annotations

from unittest import mock

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.ragops.platform.plugins.action.planned import ActionModule


def action(check_mode: bool, *create: str, **objects: list[str]) -> ActionModule:
    given = {"create": list(create), "objects": objects}
    task = mock.Mock(
        args={"because": "there is no cluster yet", **given},
        check_mode=check_mode,
        async_val=0,
        environment=None,
    )
    connection = mock.Mock(_shell=mock.Mock(tmpdir=None))
    return ActionModule(task, connection, mock.Mock(), mock.Mock(), mock.Mock(), None)


def test_what_would_be_made_is_a_diff_from_nothing() -> None:
    done = action(True, "namespace a", "helm release a/b").run(task_vars={})
    assert done["changed"] is True
    assert done["msg"] == "Would create namespace a, helm release a/b; there is no cluster yet."
    assert done["diff"]["before"] == {}
    assert list(done["diff"]["after"]) == ["namespace a", "helm release a/b"]
    assert action(True).run(task_vars={})["changed"] is False


def test_objects_are_told_by_kind_after_the_others() -> None:
    done = action(True, "namespace a", secret=["a/b", "a/c"], configmap=[]).run(task_vars={})
    assert list(done["diff"]["after"]) == ["namespace a", "secret a/b", "secret a/c"]
    assert action(True, secret=[]).run(task_vars={})["changed"] is False


def test_a_real_run_is_refused() -> None:
    with pytest.raises(
        AnsibleActionFail, match="namespace a: this module reports in check mode only"
    ):
        action(False, "namespace a").run(task_vars={})
