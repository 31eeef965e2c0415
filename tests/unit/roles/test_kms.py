"""Role kms: a key policy that names who may use the key, and a key that outlives a destroy."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml
from support.ansible_runs import Ran, run_playbook
from support.checkout import ROOT
from support.emulator import Aws

INPUTS: dict[str, Any] = {
    "platform_project": "ragops",
    "platform_environment": "test",
    "platform_region": "us-east-1",
    "platform_name": "ragops-test",
    "platform_tags": {"Project": "ragops", "Environment": "test", "ManagedBy": "ragops.platform"},
    "ansible_python_interpreter": sys.executable,
}


def role(aws: Aws, folder: Path, *flags: str, **inputs: Any) -> Ran:
    book = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {**INPUTS, **inputs},
        "tasks": [{"ansible.builtin.include_role": {"name": "ragops.platform.kms"}}],
    }
    path = folder / "play.yml"
    path.write_text(yaml.safe_dump([book]))
    return run_playbook(ROOT, "-i", "localhost,", str(path), *flags, environment=aws.environment)


def statements(aws: Aws) -> dict[str, dict[str, Any]]:
    kms = aws.client("kms")
    key = kms.describe_key(KeyId="alias/ragops-test")["KeyMetadata"]["KeyId"]
    document = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    return {item["Sid"]: item for item in document["Statement"]}


def test_the_key_policy_names_who_may_do_what(aws: Aws, tmp_path: Path) -> None:
    root = {"AWS": "arn:aws:iam::000000000000:root"}
    own = {
        "Sid": "AuditorDescribes",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::000000000000:role/auditor"},
        "Action": "kms:DescribeKey",
    }
    # As the role's defaults say: KMS takes no policy that names a role which is not there.
    aws.client("iam").create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")
    done = role(aws, tmp_path, kms_node_volumes="true", kms_policy_statements=[own])
    assert done.returncode == 0, done.output
    found = statements(aws)
    assert list(found) == [
        "AccountAdministers",
        "AccountUsesThroughServices",
        "LogsOfThePlatform",
        "AutoScalingUsesForVolumes",
        "AutoScalingGrantsForVolumes",
        "AuditorDescribes",
    ]
    for name in ("AccountAdministers", "AccountUsesThroughServices"):
        assert found[name]["Principal"] == root
    # Who administers can't decrypt, and a direct call to KMS can't either.
    crypto = {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*", "kms:*"}
    assert not crypto & set(found["AccountAdministers"]["Action"])
    through = found["AccountUsesThroughServices"]["Condition"]["StringEquals"]["kms:ViaService"]
    assert "s3.us-east-1.amazonaws.com" in through
    assert "secretsmanager.us-east-1.amazonaws.com" in through
    logs = found["LogsOfThePlatform"]
    assert logs["Principal"] == {"Service": "logs.us-east-1.amazonaws.com"}
    groups = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/*/ragops-test"
    assert logs["Condition"] == {
        "ArnLike": {"kms:EncryptionContext:aws:logs:arn": [groups, f"{groups}/*"]}
    }
    assert not [item for item in found.values() if "*" in str(item["Principal"])]
    # Without the switch, two statements fewer: a policy edited like that is put back as well.
    assert role(aws, tmp_path).recap["localhost"]["changed"] == 1
    assert list(statements(aws)) == list(found)[:3]


def test_a_destroy_keeps_the_key_unless_told_otherwise(aws: Aws, tmp_path: Path) -> None:
    assert role(aws, tmp_path).returncode == 0
    kept = role(aws, tmp_path, kms_state="absent")
    assert kept.recap["localhost"]["changed"] == 0
    assert "The key alias/ragops-test is kept" in kept.output
    kms = aws.client("kms")
    key = kms.describe_key(KeyId="alias/ragops-test")["KeyMetadata"]
    gone = role(aws, tmp_path, kms_state="absent", kms_destroy_key="true")
    assert gone.returncode == 0, gone.output
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "PendingDeletion"
    back = role(aws, tmp_path)
    assert "was scheduled for deletion and is restored" in " ".join(back.output.split())
    assert kms.describe_key(KeyId="alias/ragops-test")["KeyMetadata"]["Arn"] == key["Arn"]


def test_a_statement_without_effect_is_named(aws: Aws, tmp_path: Path) -> None:
    refused = role(aws, tmp_path, kms_policy_statements=[{"Sid": "Half", "Action": "kms:*"}])
    assert refused.returncode == 2
    assert "missing required arguments: Effect, Principal" in refused.output
    assert aws.client("kms").list_keys()["Keys"] == []
