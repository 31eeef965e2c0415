"""Run modules, and tasks through ansible-playbook."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
import yaml
from ansible.module_utils import basic
from botocore.loaders import create_loader

from support.checkout import ROOT

COLLECTIONS = ROOT / "collections"
NAMESPACE = "ansible_collections.ragops.platform.plugins.modules"


def run_module(
    name: str,
    arguments: dict[str, Any],
    *,
    check: bool = False,
    env: dict[str, str] | None = None,
    fails: bool = False,
) -> dict[str, Any]:
    """Run a module's `main` with arguments and standard output as ansible gives them.

    It runs in this process, since starting Python with pymilvus costs seconds each time; the
    examples of each module run as real tasks (see `play`).

    Args:
        name: name of the module without namespace.
        arguments: its options.
        check: whether in check mode.
        env: further environment variables.
        fails: whether it must fail (else it must not).
    """
    values = {**arguments, "_ansible_check_mode": check, "_ansible_diff": True}
    payload = json.dumps({"ANSIBLE_MODULE_ARGS": values}).encode()
    printed, complained = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(basic, "_ANSIBLE_ARGS", payload),
        mock.patch.object(basic, "_ANSIBLE_PROFILE", "legacy"),
        mock.patch.dict(os.environ, env or {}),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(complained),
        contextlib.suppress(SystemExit),
    ):
        importlib.import_module(f"{NAMESPACE}.{name}").main()
    result: dict[str, Any] = json.loads(printed.getvalue())
    assert bool(result.get("failed")) == fails, result.get("msg")
    assert "Traceback" not in complained.getvalue(), complained.getvalue()
    return result


@contextlib.contextmanager
def kept_clients() -> Iterator[None]:
    """Keep the clients of modules that run in this process: making one takes as long as ten calls.

    Two runs share one when all that makes clients differ is the same: service, region, settings,
    and AWS's variables in the environment.
    """
    kept: dict[str, Any] = {}
    loader = create_loader()

    class Session(boto3.Session):
        """A session that gives out the clients of those before it."""

        def client(self, service_name: str, *args: Any, **how: Any) -> Any:
            # S3's remembers where a bucket was, and tests make it anew elsewhere.
            if service_name == "s3":
                return super().client(service_name, *args, **how)
            environment = {key: value for key, value in os.environ.items() if key[:4] == "AWS_"}
            settings = {**how, "config": vars(how["config"]) if "config" in how else {}}
            key = json.dumps(
                [service_name, args, self.profile_name, settings, environment],
                sort_keys=True,
                default=repr,
            )
            if key not in kept:
                kept[key] = super().client(service_name, *args, **how)
            return kept[key]

    with (
        # It reads the SDK's megabytes of JSON.
        mock.patch("botocore.session.create_loader", return_value=loader),
        mock.patch.object(boto3, "Session", Session),
    ):
        yield


def examples(name: str) -> list[dict[str, Any]]:
    """Return the tasks of a module's EXAMPLES."""
    tasks: list[dict[str, Any]] = yaml.safe_load(
        importlib.import_module(f"{NAMESPACE}.{name}").EXAMPLES
    )
    return tasks


def play(
    tasks: list[dict[str, Any]], folder: Path, env: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    """Run tasks by ansible-playbook and return their results in order.

    Raises:
        AssertionError: the playbook failed, with its output.
    """
    here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    book = {"hosts": "localhost", "gather_facts": False, "vars": here, "tasks": tasks}
    (folder / "play.yml").write_text(yaml.safe_dump([book]))
    finished = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), str(folder / "play.yml")],
        capture_output=True,
        text=True,
        cwd=folder,
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            **(env or {}),
        },
        timeout=120,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    shown = json.loads(finished.stdout[finished.stdout.index("{") :])
    return [task["hosts"]["localhost"] for task in shown["plays"][0]["tasks"]]
