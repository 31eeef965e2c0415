"""Role secrets: no value in the output of -vvv --diff, nor in any process's arguments."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.ansible_runs import ansible_environment
from support.checkout import BIN, ROOT
from support.emulator import Aws

GIVEN = "openai-key-that-nobody-may-see"
EXTRA = "extra-value-that-nobody-may-see"
INPUTS: dict[str, Any] = {
    "platform_project": "ragops",
    "platform_environment": "test",
    "platform_region": "us-east-1",
    "platform_name": "ragops-test",
    "platform_tags": {"Project": "ragops", "Environment": "test", "ManagedBy": "ragops.platform"},
    "secrets_openai_api_key": "{{ lookup('ansible.builtin.env', 'GIVEN') }}",
    "secrets_kms_key_id": "",
    "secrets_recovery_window_days": 0,
    "ansible_python_interpreter": sys.executable,
}


def role(aws: Aws, folder: Path, *flags: str, **inputs: Any) -> tuple[int, str, set[str]]:
    """Run the role; return its code, its output, and the command lines seen meanwhile."""
    book = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {**INPUTS, **inputs},
        "tasks": [{"ansible.builtin.include_role": {"name": "ragops.platform.secrets"}}],
    }
    (folder / "play.yml").write_text(yaml.safe_dump([book]))
    seen: set[str] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            for process in Path("/proc").iterdir():
                with contextlib.suppress(OSError):  # no process, or one that ended meanwhile
                    line = (process / "cmdline").read_bytes()
                    seen.add(line.decode(errors="replace"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        ran = subprocess.run(
            [str(BIN / "ansible-playbook"), "-i", "localhost,", str(folder / "play.yml"), *flags],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            env=ansible_environment({**aws.environment, "GIVEN": GIVEN, "EXTRA": EXTRA}),
        )
    finally:
        done.set()
        watcher.join()
    return ran.returncode, ran.stdout + ran.stderr, seen


@pytest.mark.parametrize("flags", [(), ("--check",)])
def test_no_value_is_ever_shown(aws: Aws, tmp_path: Path, flags: tuple[str, ...]) -> None:
    extra = [{"name": "signing-key", "value": "{{ lookup('ansible.builtin.env', 'EXTRA') }}"}]
    code, output, seen = role(
        aws, tmp_path, "-vvv", "--diff", *flags, secrets_extra=extra, secrets_no_log=False
    )
    assert code == 0, output
    assert "ragops-test/redis-auth-token" in output  # all but values is shown
    values = [GIVEN, EXTRA]
    manager = aws.client("secretsmanager")
    names = [item["Name"] for item in manager.list_secrets()["SecretList"]]
    values += [manager.get_secret_value(SecretId=name)["SecretString"] for name in names]
    values += [json.loads(value)["password"] for value in values if value.startswith("{")]
    assert len(names) == (0 if flags else 6)
    assert any("ansible-playbook" in line for line in seen)
    for value in values:
        assert value not in output
        assert not [line for line in seen if value in line]


def test_milvus_keeps_its_password_and_redis_gets_another(aws: Aws, tmp_path: Path) -> None:
    assert role(aws, tmp_path)[0] == 0
    code, output, _ = role(aws, tmp_path, secrets_rotate=["milvus-token"])
    assert code == 2
    assert "Milvus reads this password only at its first start" in output
    manager = aws.client("secretsmanager")
    name = "ragops-test/redis-auth-token"
    old = manager.get_secret_value(SecretId=name)["SecretString"]
    assert role(aws, tmp_path, secrets_rotate=["redis-auth-token"])[0] == 0
    previous = manager.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")
    assert previous["SecretString"] == old


def test_the_api_key_before_stays_beside_the_new_one(aws: Aws, tmp_path: Path) -> None:
    manager = aws.client("secretsmanager")

    def values() -> dict[str, str]:
        names = [item["Name"] for item in manager.list_secrets()["SecretList"]]
        found = {name: manager.get_secret_value(SecretId=name) for name in names}
        return {
            name.removeprefix("ragops-test/"): secret["SecretString"]
            for name, secret in found.items()
            if "/api-key" in name
        }

    assert role(aws, tmp_path, app_rollout_auth="none")[0] == 0
    assert values() == {}
    assert role(aws, tmp_path)[0] == 0
    first = values()
    assert set(first) == {"api-key"}
    assert len(first["api-key"]) == 64
    code, output, seen = role(
        aws, tmp_path, "-vvv", "--diff", app_rollout_auth="oidc", secrets_rotate=["api-key"]
    )
    assert code == 0, output
    second = values()
    assert second["api-key-previous"] == first["api-key"]
    assert second["api-key"] != first["api-key"]
    for value in second.values():
        assert value not in output
        assert not [line for line in seen if value in line]
    code, output, _ = role(aws, tmp_path, app_rollout_auth="keys")
    assert code == 0, output
    assert "changed=0" in output
    assert values() == second
    assert role(aws, tmp_path, secrets_state="absent")[0] == 0
    assert manager.list_secrets()["SecretList"] == []


def test_absent_takes_the_urls_of_others_too(aws: Aws, tmp_path: Path) -> None:
    assert role(aws, tmp_path)[0] == 0
    manager = aws.client("secretsmanager")
    tags = [{"Key": key, "Value": value} for key, value in INPUTS["platform_tags"].items()]
    manager.create_secret(Name="ragops-test/database-url", SecretString="x", Tags=tags)
    code, output, _ = role(aws, tmp_path, secrets_state="absent")
    assert code == 0, output
    assert manager.list_secrets()["SecretList"] == []


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"secrets_state": "gone"}, "value of secrets_state must be one of: present, absent"),
        ({"secrets_extra": [{"value": "x"}]}, "missing required arguments: name"),
    ],
)
def test_bad_inputs_are_named(
    aws: Aws, tmp_path: Path, inputs: dict[str, Any], message: str
) -> None:
    code, output, _ = role(aws, tmp_path, **inputs)
    assert code == 2
    assert message in output
    assert aws.client("secretsmanager").list_secrets()["SecretList"] == []
