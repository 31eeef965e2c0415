# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Callback `plan`: which resources a run changes, or would change in check mode."""

from __future__ import annotations

import functools
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible import context
from ansible.plugins.callback import CallbackBase
from ansible.release import __version__ as core_version
from ansible.utils.context_objects import CLIArgs
from ansible.utils.vars import load_options_vars
from ansible_collections.ragops.platform.plugins.module_utils._plan import text
from ansible_collections.ragops.platform.plugins.module_utils._plan.rows import (
    Row,
    Task,
    merge,
    rows_before_failure,
    rows_of,
)

DOCUMENTATION = r"""
name: plan
type: aggregate
short_description: Table of the resources that a run changes, or would change in check mode
version_added: 0.2.0
description:
  - Prints a table at the end of the run, with one row per resource that changes. A row shows what
    happens to the resource (create, change, delete) and which fields change. The table also has
    totals per component, which is the host that the task ran for.
  - Rows name fields and never show values, so that no secret can get into the table. C(--diff)
    shows values that are not secret.
  - The variable C(platform_plan) holds the rows of all earlier plays. It is a sorted list of
    dictionaries with C(component), C(resource), C(id), C(action) and C(fields).
    C(playbooks/report.yml) writes it as JSON.
  - If the first play sets the variable C(platform_plan_only) to V(true), the playbook runs in check
    mode, with or without C(--check). This is how C(playbooks/plan.yml) makes sure that it changes
    nothing. That playbook refuses to run if this callback is not enabled.
  - Understands the diffs of this collection and of C(kubernetes.core.k8s). A change by any other
    module is one row without fields. Fields of Kubernetes objects are shown with C(--diff) only,
    because C(kubernetes.core.k8s) compares them only then.
  - If a module fails halfway, the rows name what it had changed before it failed.
  - Refuses to start with an ansible-core older than 2.19, whose results it cannot read. If the
    callback itself fails, it reports this and the run ends with exit code 1. So an incomplete plan
    is never taken for a complete one.
  - Prints nothing for ad hoc commands, nor after a run that changed nothing.
author:
  - The ragops.platform authors
requirements:
  - Enable it in the configuration, C(callbacks_enabled = ragops.platform.plan).
"""

EXAMPLES = r"""
example: |
  To enable it, in ansible.cfg:
    [defaults]
    callbacks_enabled = ragops.platform.plan
  A task that fails when there is anything to change:
    - name: Fail when there is drift
      ansible.builtin.fail:
        msg: "{{ platform_plan | length }} resources differ"
      when: platform_plan | length > 0
"""

VARIABLE = "platform_plan"
BROKEN = "platform_plan_broken"
MARK = "platform_plan_only"
CHANGES_FILE = "changes_file"
OLDEST = (2, 19)
"""The ansible-core whose results this callback can read."""


def force_check_mode() -> None:
    """Have the rest of this command run as if `--check` had been given.

    A play's own `check_mode` does not do: roles ask `ansible_check_mode`, which is the command
    line's. Both places that hold it are set before the first play is made.
    """
    context.CLIARGS = CLIArgs({**context.CLIARGS, "check": True})
    load_options_vars(None)["ansible_check_mode"] = True


def refuse_old_core(version: str) -> None:
    """End the command under an ansible-core that gives this callback no true results.

    Raises:
        SystemExit: it is too old. Ansible makes a warning of any other exception, and goes on.
    """
    found = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if found < OLDEST:
        least = ".".join(map(str, OLDEST))
        sys.exit(
            f"ragops.platform needs ansible-core {least} or newer, and this is {version}. A plan"
            f" of this version would be wrong. Install ansible-core {least} or newer (README)."
            " Nothing was changed."
        )


def write(file: Path, rows: list[Row]) -> None:
    """Write what a failed run changed: playbooks/report.yml, which does it else, did not run."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(json.dumps([row.record() for row in rows], indent=2) + "\n")


def watched(method: Callable[..., None]) -> Callable[..., None]:
    """Keep the error of a callback's method, of which Ansible would only make a warning."""

    @functools.wraps(method)
    def watching(self: CallbackModule, *arguments: Any, **options: Any) -> None:
        try:
            method(self, *arguments, **options)
        except Exception as error:
            self.broken(f"{method.__name__}: {type(error).__name__}: {error}")

    return watching


class CallbackModule(CallbackBase):
    """Collects rows while the run goes, and prints them when it ends."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "ragops.platform.plan"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Row] = []
        self._playbook = False
        self._marked = False
        self._failed: set[str] = set()
        self._broken = ""
        self._changes_file = ""

    def broken(self, why: str) -> None:
        """Note that rows are missing: the first reason is told now, and again at the end."""
        if not self._broken:
            self._broken = why
            self._display.error(f"Callback ragops.platform.plan failed: {why}", wrap_text=False)

    def v2_playbook_on_start(self, playbook: Any) -> None:
        """Turn check mode on for a playbook that asks for it."""
        refuse_old_core(core_version)
        self._playbook = True
        plays = playbook.get_plays()
        self._marked = bool(plays and plays[0].get_vars().get(MARK))
        if self._marked and not context.CLIARGS.get("check"):
            force_check_mode()

    @watched
    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Give the rows so far to the play."""
        variables = play.get_variable_manager().extra_vars
        variables[VARIABLE] = [row.record() for row in merge(self._rows)]
        self._changes_file = str(variables.get(CHANGES_FILE) or "")
        if self._broken:
            variables[BROKEN] = self._broken

    @watched
    def v2_runner_on_ok(self, result: Any) -> None:
        """Note the resources of a task; those of a loop came item by item."""
        if not result.task.loop:
            self._note(result)

    @watched
    def v2_runner_item_on_ok(self, result: Any) -> None:
        """Note the resources of one item of a loop."""
        self._note(result)

    @watched
    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Note which components failed, and what they changed before; loops come item by item.

        A task that runs once is about no component.
        """
        if not ignore_errors and not result.task.run_once:
            self._failed.add(str(result.host.name))
        if not result.task.loop:
            self._note_failed(result)

    @watched
    def v2_runner_item_on_failed(self, result: Any) -> None:
        """Note what an item of a loop changed before it failed."""
        self._note_failed(result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Print the table. If rows are missing, end the command as failed.

        Raises:
            SystemExit: this callback failed. Ansible makes a warning of any other exception.
        """
        self._print({*stats.failures, *stats.dark})
        if self._broken:
            sys.exit(
                f"Not complete: callback ragops.platform.plan failed ({self._broken}). The changes"
                " are not known. Report this as a bug, with the versions of ansible-core and"
                " ragops.platform."
            )

    @watched
    def _print(self, failed: set[str]) -> None:
        """Print the table, and what it lacks. failed: the hosts on which something failed."""
        if not self._playbook or not (self._rows or self._marked):
            return
        check = bool(context.CLIARGS.get("check"))
        rows = merge(self._rows)
        self._display.banner("PLAN" if check else "CHANGES")
        if not rows and not failed and not self._broken:
            self._display.display("Nothing to change.")
        for line in [*text.table(rows), "", *text.totals(rows)] if rows else []:
            self._display.display(line)
        if failed:
            culprits = ", ".join(sorted(self._failed & failed)) or "see above"
            self._display.display(f"Not complete, because tasks failed: {culprits}.")
            if not check and self._changes_file:
                write(Path(self._changes_file).expanduser(), rows)

    def _note_failed(self, result: Any) -> None:
        """Add the rows of what a module changed before it failed."""
        if not context.CLIARGS.get("check"):
            self._rows += rows_before_failure(str(result.host.name), result.result)

    def _note(self, result: Any) -> None:
        """Add the rows of a task that changed something in the mode of the whole run.

        A task that is in check mode within a real run only looks something up.
        """
        # What a callback gets of a task is templated; `task_fields` would be deprecated.
        task_check = bool(result.task.check_mode)
        if not result.is_changed() or task_check != bool(context.CLIARGS.get("check")):
            return
        task = Task(
            component=str(result.host.name),
            module=str(result.task.resolved_action or result.task.action),
            name=str(result.task_name),
            arguments=result.task.args or {},
            result=result.result,
        )
        self._rows += rows_of(task)
