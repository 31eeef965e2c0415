"""Runs of modules and playbooks as a person has them, in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from support.checkout import BIN, ROOT


@dataclass
class Ran:
    """A module's or playbook's run. result: a module's answer; recap: counters by host."""

    returncode: int
    output: str
    result: dict[str, Any]
    recap: dict[str, dict[str, int]]


def ansible_environment(extra: dict[str, str]) -> dict[str, str]:
    """The environment of an Ansible run: without the user's AWS and Ansible settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "ANSIBLE_"))}
    return {**kept, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "false", **extra}


def run_module(
    name: str,
    arguments: dict[str, Any],
    environment: dict[str, str],
    *flags: str,
) -> Ran:
    """Run one module as `ansible localhost -m` does, and return its answer."""
    argv = [str(BIN / "ansible"), "localhost", "-m", name, "-a", json.dumps(arguments), *flags]
    done = subprocess.run(
        argv,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        env=ansible_environment(
            {
                **environment,
                "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.json",
                "ANSIBLE_LOAD_CALLBACK_PLUGINS": "true",
            }
        ),
    )
    # Other callbacks write around the report.
    report, _ = json.JSONDecoder().raw_decode(done.stdout[done.stdout.index("{") :])
    result = report["plays"][0]["tasks"][0]["hosts"]["localhost"]
    return Ran(done.returncode, done.stdout + done.stderr, result, report["stats"])


def local_play(folder: Path, **parts: Any) -> str:
    """Write a play on this machine, of roles or tasks, and return its file's path."""
    variables = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    book = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        **parts,
        "vars": variables | parts.get("vars", {}),
    }
    file = folder / "play.yml"
    file.write_text(yaml.safe_dump([book]))
    return str(file)


def run_playbook(
    checkout: Path, *arguments: str, environment: dict[str, str], timeout: float = 300
) -> Ran:
    """Run ansible-playbook in a checkout, and return its output and recap. timeout: seconds."""
    done = subprocess.run(
        [str(BIN / "ansible-playbook"), *arguments],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=timeout,
        env=ansible_environment(environment),
    )
    recap: dict[str, dict[str, int]] = {}
    for line in done.stdout.split("PLAY RECAP", 1)[-1].splitlines()[1:]:
        host, _, counters = line.partition(":")
        if "ok=" in counters:
            recap[host.strip()] = {
                key: int(value) for key, value in (pair.split("=") for pair in counters.split())
            }
    return Ran(done.returncode, done.stdout + done.stderr, {}, recap)
