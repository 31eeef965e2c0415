"""The way into a cluster: its kubeconfig, and the token that EKS takes."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from ansible_collections.ragops.platform.plugins.module_utils._eks.token import token
from ansible_collections.ragops.platform.plugins.modules import eks_cluster_info
from support.lifecycle import World
from support.module_process import examples, play

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


@pytest.mark.parametrize("status", ["CREATING", "FAILED"])
def test_a_cluster_without_an_api_server_is_told_of(
    cluster: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    """EKS gives a cluster its endpoint when it is made; a run may have been killed before."""
    raw = {"name": NAME, "status": status, "version": "1.35"}
    monkeypatch.setattr(eks_cluster_info, "describe", lambda *_: raw)
    path = tmp_path / "kubeconfig"
    asked = {"name": NAME, "kubeconfig_path": str(path), "with_token": True, "reach_timeout": 1}
    told = cluster.run(MODULE, asked)
    assert (told["exists"], told["status"], told["endpoint"]) == (True, status, None)
    assert "kubeconfig" not in told
    assert not path.exists()


def test_a_kubeconfig_is_written_for_its_owner_alone(cluster: World, tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text("old")
    path.chmod(0o644)
    answer = cluster.run(MODULE, {"name": NAME, "kubeconfig_path": str(path)})
    assert answer["changed"] is False
    config = json.loads(path.read_text())
    program = config["users"][0]["user"]["exec"]
    assert "tls-server-name" not in config["clusters"][0]["cluster"]
    said = ask(program, cluster)
    assert said["status"]["token"].startswith("k8s-aws-v1.")
    assert said["apiVersion"] == program["apiVersion"]
    for file in tmp_path.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600, file
        assert cluster.aws.environment["AWS_SECRET_ACCESS_KEY"] not in file.read_text()


def ask(program: dict[str, Any], cluster: World) -> dict[str, Any]:
    """Run the program of a kubeconfig as helm, kubectl and the library do."""
    given = {each["name"]: each["value"] for each in program["env"]}
    done = subprocess.run(
        [program["command"], *program["args"]],
        env={**os.environ, **cluster.aws.environment, **given},
        capture_output=True,
        text=True,
        check=True,
    )
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_a_token_is_made_anew_when_half_of_its_life_is_over(cluster: World, tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    cluster.run(MODULE, {"name": NAME, "kubeconfig_path": str(path), "token_life": 8})
    program = json.loads(path.read_text())["users"][0]["user"]["exec"]
    first = ask(program, cluster)["status"]
    assert ask(program, cluster)["status"] == first
    time.sleep(5)
    second = ask(program, cluster)["status"]
    assert second["token"] != first["token"]
    assert second["expirationTimestamp"] > first["expirationTimestamp"]


def test_keys_given_to_the_module_alone_are_the_programs_too(
    cluster: World, tmp_path: Path
) -> None:
    path = tmp_path / "kubeconfig"
    own = {"access_key": "AKIAOTHER00000000000", "secret_key": "another-secret"}
    cluster.run(MODULE, {"name": NAME, "kubeconfig_path": str(path), **own})
    bearer = ask(json.loads(path.read_text())["users"][0]["user"]["exec"], cluster)
    encoded = bearer["status"]["token"].removeprefix("k8s-aws-v1.")
    url = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    assert "AKIAOTHER00000000000" in url


def test_a_server_in_between_shows_the_name_of_the_endpoint(cluster: World, tmp_path: Path) -> None:
    path, server = tmp_path / "kubeconfig", "https://127.0.0.1:40123"
    answer = cluster.run(MODULE, {"name": NAME, "kubeconfig_path": str(path), "server": server})
    found = json.loads(path.read_text())["clusters"][0]["cluster"]
    assert found["server"] == server
    assert found["tls-server-name"] == urlsplit(answer["endpoint"]).hostname


def test_a_folder_that_is_not_there_is_named(cluster: World, tmp_path: Path) -> None:
    path = str(tmp_path / "none/kubeconfig")
    answer = cluster.run(MODULE, {"name": NAME, "kubeconfig_path": path}, fails=True)
    assert f"cannot be written to {path}: No such file" in answer["msg"]


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
