# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Action `planned`: see the documentation in plugins/modules/planned.py."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):  # type: ignore[misc] - Ansible has no types
    """Reports resources as changes of a dry run; runs nothing on the host."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the resources as a diff from nothing.

        Raises:
            AnsibleActionFail: the run is a real one, which would make the resources itself.
        """
        super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(
            {
                "create": {"type": "list", "elements": "str", "required": True},
                "because": {"type": "str", "required": True},
            }
        )
        if not self._task.check_mode:
            raise AnsibleActionFail(
                f"{', '.join(given['create'])}: only check mode may say that they would be made."
            )
        return {
            "changed": bool(given["create"]),
            "msg": f"Would make {', '.join(given['create'])}; {given['because']}.",
            "diff": {
                "before": {},
                "after": {name: {"state": "to be made"} for name in given["create"]},
            },
        }
