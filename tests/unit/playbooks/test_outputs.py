"""playbooks/outputs.yml: everything that one needs to know of a platform, and nothing secret."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.ansible_runs import Ran, run_playbook
from support.checkout import ROOT
from support.emulator import Aws

NAME = "ragops-dev"
OWN = {"Project": "ragops", "Environment": "dev", "ManagedBy": "ragops.platform"}
TAGS = [{"Key": key, "Value": value} for key, value in OWN.items()]
PASSWORD = "not-to-be-seen"


@pytest.fixture
def platform(aws: Aws) -> Aws:
    """Parts of a platform: network, buckets, a repository, secrets. No cluster, no database."""
    named = [*TAGS, {"Key": "Name", "Value": NAME}]
    aws.client("ec2").create_vpc(
        CidrBlock="10.0.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": named}]
    )
    for purpose in ("documents", "embeddings"):
        s3, bucket = aws.client("s3"), f"{NAME}-{purpose}-000000000000"
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": TAGS})
    aws.client("ecr").create_repository(repositoryName=f"{NAME}/backend", tags=TAGS)
    aws.client("secretsmanager").create_secret(
        Name=f"{NAME}/database-url", SecretString=f"postgresql://u:{PASSWORD}@h/d", Tags=TAGS
    )
    aws.client("eks").create_cluster(
        name=NAME,
        version="1.35",
        roleArn="arn:aws:iam::000000000000:role/eks",
        resourcesVpcConfig={"subnetIds": ["subnet-1", "subnet-2"]},
        tags=OWN,
    )
    return aws


def outputs(aws: Aws, *arguments: str) -> Ran:
    return run_playbook(
        ROOT,
        *("playbooks/outputs.yml", "-i", "inventories/dev", *arguments),
        environment=aws.environment,
    )


def test_outputs_are_printed_and_written(platform: Aws, tmp_path: Path) -> None:
    json_file, env_file = tmp_path / "outputs.json", tmp_path / "outputs.env"
    run = outputs(
        platform, "-e", f"outputs_file={json_file}", "-e", f"outputs_env_file={env_file}", "-vvv"
    )
    assert run.returncode == 0, run.output
    assert all(row["changed"] == 0 for row in run.recap.values())
    command = f"aws eks update-kubeconfig --region us-east-1 --name {NAME} --alias {NAME}"

    told: dict[str, Any] = json.loads(json_file.read_text())
    assert told["platform"] == NAME
    assert told["account_id"] == "000000000000"
    assert told["kubeconfig_command"] == command
    found = told["resources"]
    assert found["network"]["vpc_id"].startswith("vpc-")
    assert found["s3"]["documents"] == f"{NAME}-documents-000000000000"
    assert found["secrets"]["database_url"].startswith("arn:aws:secretsmanager:")
    assert found["rds"]["endpoint"] is None, "what is not there is null"

    shell = f"set -eu; . {env_file}; echo $KUBECONFIG_COMMAND; echo $VPC_ID; echo ${{REDIS_HOST-}}"
    lines = subprocess.run(
        ["bash", "-c", shell], check=True, capture_output=True, text=True, env={}
    ).stdout.splitlines()
    assert lines == [command, found["network"]["vpc_id"], ""]
    assert "REDIS_HOST" not in env_file.read_text(), "what is not there is left out"

    for file in (json_file, env_file):
        assert file.stat().st_mode & 0o777 == 0o600
        assert PASSWORD not in file.read_text()
    assert PASSWORD not in run.output
    assert f"kubeconfig {command}" in " ".join(run.output.split())


def test_a_kubeconfig_that_was_given_is_what_to_use(platform: Aws, tmp_path: Path) -> None:
    file = tmp_path / "outputs.json"
    run = outputs(
        platform, "-e", json.dumps({"outputs_file": str(file), "platform_kubeconfig": "/k c"})
    )
    assert run.returncode == 0, run.output
    assert json.loads(file.read_text())["kubeconfig_command"] == "export KUBECONFIG='/k c'"


def test_an_application_that_is_not_there_reads_as_such(platform: Aws) -> None:
    platform.client("eks").delete_cluster(name=NAME)
    run = outputs(platform, "-e", "outputs_application=true")
    assert run.returncode == 0, run.output
    assert re.search(r"^\s*- application +-$", run.output, re.M), run.output


def test_a_platform_that_is_not_there_has_no_outputs(aws: Aws, tmp_path: Path) -> None:
    run = outputs(aws, "-e", f"outputs_file={tmp_path}/outputs.json")
    assert run.returncode == 2
    text = " ".join(run.output.split())
    assert "The platform ragops-dev does not exist in us-east-1 of account 000000000000" in text
    assert "ansible-playbook site.yml -i " in text
    assert not (tmp_path / "outputs.json").exists()
