# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Callback `progress`: what a run waits for, while it waits."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.plugins.callback import CallbackBase
from ansible_collections.ragops.platform.plugins.module_utils._progress import lines
from ansible_collections.ragops.platform.plugins.module_utils.progress import FOLDER

DOCUMENTATION = r"""
name: progress
type: aggregate
short_description: What a run waits for, while it waits
version_added: 0.2.0
description:
  - Ansible prints the output of a module only when the module ends. AWS needs up to twenty minutes
    for a cluster or a database. During such a wait this callback prints a line every 30 seconds,
    and when the state changes. The line shows the resource, its state, the time so far, the usual
    time and the time limit.
  - Shows only waits of the modules of this collection.
  - Prints nothing if the result callback writes output for programs, such as C(json).
author:
  - The ragops.platform authors
requirements:
  - Enable it in the configuration, C(callbacks_enabled = ragops.platform.progress).
"""

EXAMPLES = r"""
example: |
  To enable it, in ansible.cfg:
    [defaults]
    callbacks_enabled = ragops.platform.progress
"""

POLL = 2.0
"""Seconds between two looks at what waits."""


class CallbackModule(CallbackBase):
    """Prints what the modules tell (module_utils/progress.py)."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "ragops.platform.progress"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._folder: Path | None = None
        self._ended = threading.Event()
        self._waits = lines.Waits()

    def v2_playbook_on_start(self, playbook: Any) -> None:  # noqa: ARG002 - Ansible's signature
        """Give the modules a folder to tell in, and look at it from now on."""
        if "json" in constants.DEFAULT_STDOUT_CALLBACK:
            return
        self._folder = Path(tempfile.mkdtemp(prefix="ragops-progress-"))
        # Modules run in processes below this one.
        os.environ[FOLDER] = str(self._folder)
        atexit.register(self._clean, os.getpid())
        # Ansible forks only while it holds the lock of its display, which is all that this thread
        # takes.
        threading.Thread(target=self._watch, daemon=True, name="progress").start()

    def v2_playbook_on_stats(self, stats: Any) -> None:  # noqa: ARG002 - Ansible's signature
        """Stop looking."""
        self._clean(os.getpid())

    def _watch(self) -> None:
        while not self._ended.wait(POLL):
            if self._folder is None:
                return
            for text in self._waits.due(lines.read(self._folder), time.time()):
                self._display.display(text)

    def _clean(self, owner: int) -> None:
        """Remove the folder; not from a process that was forked off."""
        if os.getpid() != owner or self._folder is None:
            return
        self._ended.set()
        os.environ.pop(FOLDER, None)
        shutil.rmtree(self._folder, ignore_errors=True)
