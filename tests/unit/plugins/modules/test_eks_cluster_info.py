"""The way into a cluster: its kubeconfig, and the token that EKS takes."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from ansible_collections.ragops.platform.plugins.module_utils._eks.token import token
from aws_lifecycle import World
from module_process import examples, play

NAME = "ragops-dev"
MODULE = "eks_cluster_info"


@pytest.fixture
def cluster(world: World) -> World:
    world.aws.client("eks").create_cluster(
        name=NAME,
        version="1.35",
        roleArn="arn:aws:iam::000000000000:role/eks",
        resourcesVpcConfig={"subnetIds": ["subnet-a", "subnet-b"]},
    )
    return world


def presigned(region: str, endpoint: str | None) -> Any:
    sts = boto3.client(
        "sts",
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id="AKIAEXAMPLE",
        aws_secret_access_key="example",
    )
    encoded = token(sts, NAME).removeprefix("k8s-aws-v1.")
    return urlsplit(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode())


@pytest.mark.parametrize("endpoint", [None, "http://localhost:1", "https://vpce-1.sts.vpce"])
@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "sts.eu-west-1.amazonaws.com"),
        ("cn-north-1", "sts.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_a_token_asks_the_regions_sts_whatever_the_clients_endpoint(
    region: str, host: str, endpoint: str | None
) -> None:
    url = presigned(region, endpoint)
    assert (url.scheme, url.netloc, url.path) == ("https", host, "/")
    query = parse_qs(url.query)
    assert query["Action"] == ["GetCallerIdentity"]
    assert query["X-Amz-SignedHeaders"] == ["host;x-k8s-aws-id"]
    assert query["X-Amz-Credential"][0].split("/")[2:] == [region, "sts", "aws4_request"]


def test_a_kubeconfig_is_written_for_its_owner_alone(cluster: World, tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text("old")
    path.chmod(0o644)
    answer = cluster.run(MODULE, {"name": NAME, "kubeconfig_path": str(path)})
    assert answer["changed"] is False
    assert "token_expires" in answer
    config = json.loads(path.read_text())
    assert path.stat().st_mode & 0o777 == 0o600
    bearer = config["users"][0]["user"]["token"]
    assert bearer.startswith("k8s-aws-v1.")
    assert bearer not in json.dumps(answer)
    assert [each.name for each in tmp_path.iterdir()] == ["kubeconfig"]


def test_a_folder_that_is_not_there_is_named(cluster: World, tmp_path: Path) -> None:
    path = str(tmp_path / "none/kubeconfig")
    answer = cluster.run(MODULE, {"name": NAME, "kubeconfig_path": path}, fails=True)
    assert f"can't be written to {path}: No such file" in answer["msg"]


def test_without_a_cluster_nothing_is_written(world: World, tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    answer = world.run(MODULE, {"name": NAME, "kubeconfig_path": str(path)})
    assert (answer["exists"], answer["endpoint"], path.exists()) == (False, None, False)


def test_the_token_is_returned_when_asked_for(cluster: World) -> None:
    answer = cluster.run(MODULE, {"name": NAME, "with_token": True})
    assert answer["kubeconfig"]["users"][0]["user"]["token"] == answer["token"]
    assert "token" not in cluster.run(MODULE, {"name": NAME})


def test_the_examples_run(cluster: World, tmp_path: Path) -> None:
    tasks = examples(MODULE)
    tasks[-1]["ragops.platform.eks_cluster_info"]["kubeconfig_path"] = str(tmp_path / "k")
    results = play(tasks, tmp_path, cluster.aws.environment)
    assert [result["changed"] for result in results] == [False] * 3
    assert (tmp_path / "k").exists()
