"""What a run needs of components that take no part in it: said at once. And few forks do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import programs
from support.ansible_runs import run_playbook
from support.checkout import ROOT
from support.emulator import Aws


@pytest.fixture
def environment(aws: Aws, tmp_path: Path) -> dict[str, str]:
    """An empty account, and the programs that preflight looks for."""
    return programs.environment(aws, tmp_path)


@pytest.mark.parametrize(
    ("selection", "says"),
    [
        (("--tags", "network"), ["(--limit kms,network)"]),
        (
            ("--limit", "s3,rds,elasticache,bastion,milvus"),
            [
                "s3, bastion: KMS key alias/ragops-dev does not exist, and component kms",
                "rds, elasticache, bastion: VPC ragops-dev does not exist",
                "milvus: EKS cluster ragops-dev does not exist",
            ],
        ),
    ],
)
def test_a_neighbour_that_is_not_there_and_takes_no_part_is_named_at_once(
    environment: dict[str, str], request_log: Path, selection: tuple[str, str], says: list[str]
) -> None:
    before = len(request_log.read_text().splitlines())
    done = run_playbook(
        ROOT, "site.yml", "-i", "inventories/dev", *selection, environment=environment
    )
    assert done.returncode == 2, done.output
    for text in says:
        assert text in " ".join(done.output.split()), text
    calls = [json.loads(line) for line in request_log.read_text().splitlines()[before:]]
    assert [call["action"] for call in calls if call["mutating"]] == []


@pytest.mark.slow
def test_one_fork_is_enough(environment: dict[str, str]) -> None:
    """Those that wait for the key took all forks, so that it was never made."""
    done = run_playbook(
        ROOT,
        *("site.yml", "-i", "inventories/dev", "--limit", "kms,s3", "--forks", "1"),
        *("-e", "s3_wait_timeout=5"),
        environment=environment,
    )
    assert done.returncode == 0, done.output


def test_credentials_that_are_given_twice_are_named(environment: dict[str, str]) -> None:
    done = run_playbook(
        ROOT,
        *("playbooks/preflight.yml", "-i", "inventories/dev", "--limit", "kms"),
        environment={**environment, "AWS_PROFILE": "ops"},
    )
    assert done.returncode == 2
    for text in (
        "by the profile ops (AWS_PROFILE) and by keys (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)",
        "`unset AWS_PROFILE` to use the keys",
    ):
        assert text in " ".join(done.output.split()), text


def test_what_others_have_under_the_joined_name_is_named_before_anything_is_made(
    environment: dict[str, str], aws: Aws, request_log: Path
) -> None:
    tags = {"Name": "ragops-dev-blue", "Project": "ragops", "Environment": "dev-blue"}
    told = [{"Key": key, "Value": value} for key, value in tags.items()]
    told.append({"Key": "ManagedBy", "Value": "ragops.platform"})
    theirs = aws.client("ec2").create_vpc(
        CidrBlock="10.20.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": told}]
    )["Vpc"]["VpcId"]
    aws.client("iam").create_role(
        RoleName="ragops-dev-blue-flow-logs", AssumeRolePolicyDocument='{"Statement": []}'
    )
    aws.client("s3").create_bucket(Bucket="ragops-dev-blue-documents-000000000000")
    before = len(request_log.read_text().splitlines())
    done = run_playbook(
        ROOT,
        *("site.yml", "-i", "inventories/dev", "--limit", "foundation"),
        *("-e", "platform_project=ragops-dev", "-e", "platform_environment=blue"),
        environment=environment,
    )
    assert done.returncode == 2, done.output
    for text in (
        f"VPC ragops-dev-blue ({theirs}) belongs to somebody else: it is tagged Project=ragops",
        "choose another platform_project or platform_environment",
        "IAM role ragops-dev-blue-flow-logs belongs to somebody else: it is tagged with none of",
        "S3 bucket ragops-dev-blue-documents-000000000000 belongs to somebody else",
        "3 checks against the account failed",
    ):
        assert text in " ".join(done.output.split()), text
    calls = [json.loads(line) for line in request_log.read_text().splitlines()[before:]]
    assert [call["action"] for call in calls if call["mutating"]] == []
