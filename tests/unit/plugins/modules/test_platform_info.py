"""platform_info against an emulated AWS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.ansible_runs import run_module
from support.emulator import CREDENTIALS, Aws
from support.kube_server import Api, serving

OPTIONS = {"project": "ragops", "environment": "dev"}
TAGS = {"Project": "ragops", "Environment": "dev", "ManagedBy": "ragops.platform"}
TAG_LIST = [{"Key": key, "Value": value} for key, value in TAGS.items()]


def read(aws: Aws, **options: Any) -> dict[str, Any]:
    done = run_module("ragops.platform.platform_info", {**OPTIONS, **options}, aws.environment)
    assert done.returncode == 0, done.output
    return done.result


def without_keys(aws: Aws) -> dict[str, str]:
    """The variables that point at the account, but those of the credentials."""
    return {k: v for k, v in aws.environment.items() if "KEY" not in k}


def test_an_empty_account_has_nothing(aws: Aws) -> None:
    result = read(aws)
    assert result["exists"] is False
    assert result["found"] == []
    assert result["changed"] is False
    assert result["resources"]["network"]["private_subnet_ids"] == []


def test_launch_templates_of_karpenter_are_none_of_the_node_groups(aws: Aws) -> None:
    """They carry the platform's tags; role eks would remove them as those of a lost group."""
    tags = [{"ResourceType": "launch-template", "Tags": TAG_LIST}]
    for name in ("ragops-dev-main", "karpenter.k8s.aws/1234567890"):
        aws.client("ec2").create_launch_template(
            LaunchTemplateName=name,
            LaunchTemplateData={"InstanceType": "t3.medium"},
            TagSpecifications=tags,
        )
    assert read(aws, components=["eks"])["resources"]["eks"]["launch_templates"] == ["main"]


def test_what_is_tagged_is_found_and_nothing_else(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    ec2.create_vpc(CidrBlock="10.99.0.0/16")  # somebody else's
    tags = [{"ResourceType": "vpc", "Tags": TAG_LIST}]
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
    aws.client("eks").create_cluster(
        name="ragops-dev",
        version="1.35",
        roleArn="arn:aws:iam::000000000000:role/x",
        resourcesVpcConfig={"subnetIds": ["subnet-1"]},
        tags=TAGS,
    )
    arn = aws.client("secretsmanager").create_secret(
        Name="ragops-dev/database-url", SecretString="a-very-secret-url", Tags=TAG_LIST
    )["ARN"]
    aws.client("ecr").create_repository(repositoryName="ragops-dev/backend", tags=TAG_LIST)
    bucket = "ragops-dev-documents-000000000000"
    aws.client("s3").create_bucket(Bucket=bucket)
    aws.client("s3").put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": TAG_LIST})
    result = read(aws)
    assert result["found"] == ["ecr", "eks", "network", "s3", "secrets"]
    resources = result["resources"]
    assert resources["network"]["vpc_id"] == vpc
    assert resources["eks"]["version"] == "1.35"
    assert resources["secrets"]["database_url"] == arn
    assert resources["s3"]["documents"] == "ragops-dev-documents-000000000000"
    assert resources["ecr"]["registry"] in resources["ecr"]["backend"]
    assert "a-very-secret-url" not in str(result)
    assert read(aws, components=["network"])["found"] == ["network"]


def test_a_stranger_with_our_name_is_named(aws: Aws) -> None:
    aws.client("eks").create_cluster(
        name="ragops-dev",
        roleArn="arn:aws:iam::000000000000:role/x",
        resourcesVpcConfig={"subnetIds": ["subnet-1"]},
    )
    done = run_module("ragops.platform.platform_info", OPTIONS, aws.environment)
    assert done.returncode != 0
    assert "EKS cluster ragops-dev exists, but its tags are not" in done.result["msg"]


@pytest.mark.parametrize(
    ("without", "message"),
    [
        ({"AWS_REGION", "AWS_DEFAULT_REGION"}, "No AWS region: set the option `region`"),
        ({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}, "No valid AWS credentials to call sts:"),
    ],
)
def test_what_is_missing_is_named(aws: Aws, without: set[str], message: str) -> None:
    environment = {k: v for k, v in aws.environment.items() if k not in without}
    environment["AWS_EC2_METADATA_DISABLED"] = "true"
    done = run_module("ragops.platform.platform_info", OPTIONS, environment)
    assert done.returncode != 0
    assert message in done.result["msg"]


def test_no_answer_is_named() -> None:
    environment = {**CREDENTIALS, "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    done = run_module("ragops.platform.platform_info", OPTIONS, environment)
    assert "No answer to sts:GetCallerIdentity" in done.result["msg"]


def test_a_role_of_a_profile_is_assumed_once(aws: Aws, tmp_path: Path, request_log: Path) -> None:
    """All clients of a module share its credentials."""
    trust = {"Version": "2012-10-17", "Statement": []}
    role = aws.client("iam").create_role(
        RoleName="reader", AssumeRolePolicyDocument=json.dumps(trust)
    )["Role"]["Arn"]
    (tmp_path / "config").write_text(
        f"[profile reading]\nrole_arn = {role}\nsource_profile = keys\n"
        "[profile keys]\naws_access_key_id = x\naws_secret_access_key = x\n"
    )
    environment = without_keys(aws) | {"AWS_CONFIG_FILE": str(tmp_path / "config")}
    before = request_log.read_text().count("AssumeRole")
    options = {**OPTIONS, "profile": "reading"}
    assert run_module("ragops.platform.platform_info", options, environment).returncode == 0
    assert request_log.read_text().count("AssumeRole") == before + 1


def test_a_profile_that_is_not_there_is_named(aws: Aws) -> None:
    done = run_module(
        "ragops.platform.platform_info", {**OPTIONS, "profile": "nobody"}, without_keys(aws)
    )
    assert "The config profile (nobody) could not be found. Check the profile" in done.result["msg"]


SECRETS = "/api/v1/namespaces/rag/secrets"
RECORDS = "/api/v1/namespaces/rag/configmaps/rag-releases"
IMAGES = {"backend": {"repository": "r", "digest": "sha256:1", "tag": "t", "version": "0.1.0"}}
RECORD = {"revision": 9, "chart": "rag-0.1.0", "verified_at": "2026-11-28T12:00:00Z"}


def revision(number: int, status: str) -> dict[str, Any]:
    """A Secret in which helm keeps a revision, as it is asked for: without what it holds."""
    labels = {"owner": "helm", "name": "rag", "version": str(number), "status": status}
    return {"metadata": {"name": f"sh.helm.release.v1.rag.v{number}", "labels": labels}}


def running(aws: Aws, api: Api) -> Any:
    with serving(api) as kubeconfig:
        where = {"namespace": "rag", "kubeconfig": kubeconfig}
        return read(aws, components=["ecr"], application=where)["application"]


def test_what_runs_is_the_newest_revision_with_what_was_verified_of_it(aws: Aws) -> None:
    records = {"9": json.dumps({**RECORD, "images": IMAGES}), "8": "{}"}
    api = Api(
        lists={"secrets": [revision(9, "superseded"), revision(10, "deployed")]},
        answers={RECORDS: {"data": records}},
    )
    told = running(aws, api)
    assert (told["revision"], told["status"], told["verified"]) == (10, "deployed", False)
    assert told["images"] is None
    assert SECRETS in api.asked
    api.lists["secrets"].pop()
    told = running(aws, api)
    assert (told["revision"], told["verified"]) == (9, True)
    assert (told["chart"], told["images"]) == (RECORD["chart"], IMAGES)


def test_a_release_of_which_nothing_was_recorded_is_told(aws: Aws) -> None:
    api = Api(lists={"secrets": [revision(1, "failed")]}, answers={RECORDS: 404})
    told = running(aws, api)
    assert (told["status"], told["verified"]) == ("failed", False)


def test_no_release_is_null_and_is_not_there_unless_asked_for(aws: Aws) -> None:
    assert running(aws, Api()) is None
    assert "application" not in read(aws, components=["ecr"])


def test_a_cluster_that_refuses_is_named(aws: Aws) -> None:
    with serving(Api(answers={SECRETS: 403})) as kubeconfig:
        where = {"namespace": "rag", "kubeconfig": kubeconfig}
        done = run_module(
            "ragops.platform.platform_info", {**OPTIONS, "application": where}, aws.environment
        )
    assert done.returncode != 0
    message = f"The application of ragops-dev cannot be read: GET {SECRETS}: HTTP 403"
    assert message in done.result["msg"]


def test_a_component_that_there_is_not_is_refused(aws: Aws) -> None:
    options = {**OPTIONS, "components": ["rds", "sqs"]}
    done = run_module("ragops.platform.platform_info", options, aws.environment)
    assert done.result["msg"].startswith("components has sqs. Allowed are ecr, eks, ")
