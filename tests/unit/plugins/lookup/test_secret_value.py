"""Lookup secret_value against an emulated AWS, used as a playbook uses it."""

from __future__ import annotations

import json

from support.ansible_runs import Ran, run_module
from support.emulator import Aws

NAME = "ragops-dev/milvus-token"


def look_up(aws: Aws, more: str = "") -> Ran:
    """Write the value into a message."""
    text = f"{{{{ lookup('ragops.platform.secret_value', '{NAME}', region='us-east-1'{more}) }}}}"
    return run_module("ansible.builtin.debug", {"msg": f"<{text}>"}, aws.environment)


def test_the_value_is_returned_and_a_missing_one_is_named(aws: Aws) -> None:
    refused = look_up(aws)
    assert refused.returncode != 0
    said = json.dumps(refused.result)
    assert f"secretsmanager:GetSecretValue failed for secret {NAME}" in said
    assert look_up(aws, ", on_missing='skip'").result["msg"] == "<[]>"  # as lookups do
    aws.client("secretsmanager").create_secret(Name=NAME, SecretString="root:word")
    assert look_up(aws).result["msg"] == "<root:word>"
