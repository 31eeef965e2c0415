# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Action `planned`: see the documentation in plugins/modules/planned.py."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
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
                "create": {"type": "list", "elements": "str", "default": []},
                "objects": {"type": "dict", "default": {}},
                "because": {"type": "str", "required": True},
            },
            required_one_of=[("create", "objects")],
        )
        objects = given["objects"].items()
        made = given["create"] + [f"{kind} {name}" for kind, names in objects for name in names]
        if not self._task.check_mode:
            raise AnsibleActionFail(
                f"{', '.join(made)}: this module reports in check mode only which resources would"
                " be created."
            )
        return {
            "changed": bool(made),
            "msg": f"Would create {', '.join(made)}; {given['because']}.",
            "diff": {"before": {}, "after": {name: {"state": "to be made"} for name in made}},
        }
