"""What preflight's judge says of an inventory under given inputs, for many inputs in one process.

Reads a JSON list of mappings from standard input, each the `-e` of a run, and writes a JSON list
with the errors of each. Called from the project's folder, with the inventory as argument.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ansible import context
from ansible.inventory.manager import InventoryManager
from ansible.module_utils.common.collections import ImmutableDict
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager


def errors(inventory: str, cases: list[dict[str, Any]]) -> list[list[str]]:
    """Return what is wrong in each case, as a run of all components is told."""
    # Templates ask for the run's own options, which a command line would have set.
    context.CLIARGS = ImmutableDict(tags=(), skip_tags=(), basedir=str(Path.cwd()))
    init_plugin_loader([])
    from ansible_collections.ragops.platform.plugins.filter.input_problems import input_problems

    loader = DataLoader()
    loader.set_basedir(str(Path.cwd()))
    found = InventoryManager(loader=loader, sources=[inventory])
    variables = VariableManager(loader=loader, inventory=found)
    hosts = [host.name for host in found.get_hosts("platform")]
    answers = []
    for case in cases:
        variables._extra_vars = case
        hostvars = HostVars(found, variables, loader)
        judged = input_problems(hostvars, hosts, "roles", "2026-11-29")
        answers.append([str(error) for error in judged["errors"]])
    return answers


if __name__ == "__main__":
    json.dump(errors(sys.argv[1], json.load(sys.stdin)), sys.stdout)
