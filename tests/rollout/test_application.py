"""The application's release: verified, drifted, broken, taken back, and promoted to prod.

Each test goes on where the one before it stopped: run with -x. The platform is rolled out first
if it isn't. Staging and production are further environments of the same account and cluster, with
repositories, secrets, buckets and namespaces of their own; database, cache and vectors are shared,
since the rehearsal has one of each.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import boto3
import pytest
from conftest import kubectl
from support.checkout import ROOT

Dict = dict[str, Any]
SPACE = ("--namespace", "rag")
NOWHERE = f"sha256:{'0' * 64}"
SMALL = {"autoscaling": {"enabled": False}, "replicas": 1, "disruptionBudget": {"enabled": False}}
ADDRESS = "10.255.0.1"
"""Where the world's databases and its AWS are."""
REQUESTS = {"requests": {"cpu": "50m", "memory": "400Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}}


def playbook(name: str, *arguments: str, fails: bool = False) -> str:
    """Run a playbook against the rehearsal, and return what it prints."""
    argv = [str(ROOT / ".venv/bin/ansible-playbook"), name, "-i", "inventories/rehearsal"]
    print(f"\n$ ansible-playbook {name} {' '.join(arguments)}"[:300], flush=True)
    started = time.monotonic()
    done = subprocess.run(
        [*argv, *arguments],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    print(f"= {done.returncode} after {time.monotonic() - started:.1f} s", flush=True)
    assert bool(done.returncode) == fails, done.stdout[-6000:] + done.stderr
    return done.stdout


def rollout(*arguments: str, fails: bool = False) -> str:
    """Run the role alone."""
    alone = ("--limit", "app_rollout", "--skip-tags", "preflight")
    return playbook("site.yml", *alone, *arguments, fails=fails)


def changed(output: str) -> int:
    """How many tasks changed something on the application's host."""
    found = re.search(r"^app_rollout\s+:.*changed=(\d+)", output, re.M)
    assert found, output
    return int(found[1])


def given(**variables: Any) -> tuple[str, str]:
    return "-e", json.dumps(variables)


def records(namespace: str = "rag") -> dict[int, Dict]:
    """What was verified, by revision."""
    text = kubectl("get", "configmap/rag-releases", "--namespace", namespace, "--output=json")
    return {int(k): json.loads(v) for k, v in json.loads(text)["data"].items()}


def images(namespace: str = "rag") -> dict[str, str]:
    """What the Deployments run: repository@digest by Deployment."""
    text = kubectl("get", "deployments", "--namespace", namespace, "--output=json")
    return {
        item["metadata"]["name"]: item["spec"]["template"]["spec"]["containers"][0]["image"]
        for item in json.loads(text)["items"]
    }


def crane(*arguments: str) -> list[str]:
    """Words that crane says."""
    return subprocess.run(
        ["crane", *arguments], check=True, capture_output=True, text=True
    ).stdout.split()


def forget(repository: str) -> None:
    """Remove images that an earlier world promoted: the registry's storage outlives them all."""
    host, _, path = repository.partition("/")
    if path in crane("catalog", host):
        tags = crane("ls", repository)
        for digest in {crane("digest", f"{repository}:{tag}")[0] for tag in tags}:
            crane("delete", f"{repository}@{digest}")


def broken() -> tuple[str, str]:
    """Images of which the backend's is not in the registry."""
    now = records()[max(records())]["images"]
    return given(app_rollout_images={**now, "backend": {**now["backend"], "digest": NOWHERE}})


def test_the_first_rollout_is_verified_and_recorded() -> None:
    if not kubectl("get", "deployments", *SPACE, "--ignore-not-found"):
        playbook("site.yml")
    record = records()[max(records())]
    print(json.dumps(record, indent=1))
    assert record["chart_version"]
    assert record["verified_at"]
    verified = {name: f"{i['repository']}@{i['digest']}" for name, i in record["images"].items()}
    assert images() == {
        "rag-backend": verified["backend"],
        "rag-worker": verified["backend"],
        "rag-frontend": verified["frontend"],
    }


def test_the_outputs_tell_what_runs(tmp_path: Path) -> None:
    file, (number, record) = tmp_path / "outputs.json", max(records().items())
    options = given(outputs_application=True, outputs_file=str(file))
    printed = " ".join(playbook("playbooks/outputs.yml", *options).split())
    told = json.loads(file.read_text())["application"]
    assert (told["revision"], told["status"], told["verified"]) == (number, "deployed", True)
    assert all(told[key] == record[key] for key in ("chart", "chart_version", "verified_at"))
    assert told["images"] == record["images"]
    backend = record["images"]["backend"]
    assert f"running backend {backend['version']} {backend['tag']} {backend['digest']}" in printed


def test_a_second_run_changes_nothing_in_either_mode() -> None:
    assert changed(rollout()) == 0
    assert changed(rollout("--check", "--diff")) == 0


def test_what_was_changed_by_hand_is_planned_and_put_right() -> None:
    kubectl("set", "env", "deployment/rag-backend", "DEBUG=1", *SPACE)
    kubectl("set", "image", "deployment/rag-frontend", "frontend=other.invalid/x:1", *SPACE)
    port = '[{"op": "replace", "path": "/spec/ports/0/port", "value": 9000}]'
    kubectl("patch", "service/rag-backend", "--type=json", f"--patch={port}", *SPACE)
    planned = rollout("--check", "--diff")
    table = planned[planned.index("PLAN") :]
    print(table)
    assert re.search(r"deployment rag/rag-backend +change +spec\.template.*env\[DEBUG\]", table)
    assert re.search(r"deployment rag/rag-frontend +change +spec\..*\[frontend\]\.image", table)
    assert re.search(r"service rag/rag-backend +change +spec\.ports\[http\]\.port", table)
    assert "other.invalid/x:1" in planned
    done = rollout("--diff")
    assert changed(done) > 0
    rows = re.compile(r"^app_rollout +\S+ rag/.*", re.M)
    assert rows.findall(done[done.index("CHANGES") :]) == rows.findall(table)
    assert changed(rollout("--check")) == 0


def test_a_broken_release_goes_back_by_itself() -> None:
    before, good = images(), max(records())
    output = rollout(*broken(), fails=True)
    message = output[output.index("Keep why it is not up") :]
    print(message[:4000])
    assert re.search(
        r"image_pull: Pod rag-backend-\S+, init container migrate: .*not found", output
    )
    assert "and cannot become ready" in output
    assert re.search(rf"The last verified release was restored, as revision {good + 2}", output)
    assert "healthy: " in output[output.index("The last verified release was restored") :]
    assert images() == before
    assert good + 1 not in records()
    assert records()[good + 2]["images"] == records()[good]["images"]
    assert changed(rollout()) == 0


def test_a_rollback_refuses_what_does_not_exist_or_was_never_verified() -> None:
    before = images()
    book = "playbooks/rollback.yml"
    assert "has no revision 99; there are: " in playbook(
        book, *given(app_rollout_revision=99), fails=True
    )
    failed = max(records()) - 1
    assert f"revision {failed} was never verified" in playbook(
        book, *given(app_rollout_revision=failed), fails=True
    )
    assert "has no other verified revision to roll back to" in playbook(book, fails=True)
    assert images() == before


def test_a_rollback_takes_the_release_back_and_verifies_it() -> None:
    first = records()[max(records())]
    changes = given(app_rollout_extra_secrets={"NOTE": "another release"})
    assert changed(rollout(*changes)) > 0
    second = records()[max(records())]
    assert second["checksum"] != first["checksum"]
    planned = playbook("playbooks/rollback.yml", "--check", "--diff")
    assert "env[NOTE]" in planned
    assert max(records()) == second["revision"]
    playbook("playbooks/rollback.yml")
    now = records()[max(records())]
    assert now["revision"] == second["revision"] + 1
    assert now["checksum"] == first["checksum"]
    for name in ("rag-backend", "rag-worker"):
        assert "NOTE" not in kubectl("get", f"deployment/{name}", *SPACE, "--output=yaml")


def clients_of_milvus(namespace: str) -> Dict:
    """A policy that lets another environment's application to the one Milvus."""
    application = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "podSelector": {
            "matchExpressions": [
                {
                    "key": "app.kubernetes.io/component",
                    "operator": "In",
                    "values": ["backend", "worker"],
                }
            ]
        },
    }
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": namespace, "namespace": "milvus"},
        "spec": {
            "podSelector": {"matchLabels": {"app.kubernetes.io/name": "milvus"}},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [application], "ports": [{"protocol": "TCP", "port": 19530}]}],
        },
    }


def environment(name: str) -> tuple[str, ...]:
    """A further environment in the account and the cluster, and how to run playbooks for it."""
    own = {"Project": "ragops", "Environment": name, "ManagedBy": "ragops.platform"}
    tags = [{"Key": k, "Value": v} for k, v in own.items()]
    secrets, s3, ecr = (boto3.client(service) for service in ("secretsmanager", "s3", "ecr"))
    for what in ("database-url", "redis-url", "milvus-app-login", "api-key"):
        value = secrets.get_secret_value(SecretId=f"ragops-rehearsal/{what}")["SecretString"]
        secrets.create_secret(Name=f"ragops-{name}/{what}", SecretString=value, Tags=tags)
    bucket = f"ragops-{name}-documents-000000000000"
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    for what in ("backend", "frontend"):
        made = ecr.create_repository(repositoryName=f"ragops-{name}/{what}", tags=tags)
        forget(made["repository"]["repositoryUri"])
    endpoint = {"name": "AWS_ENDPOINT_URL", "value": os.environ["AWS_ENDPOINT_URL"]}
    stores = {"cidrs": [f"{ADDRESS}/32"]}
    aws_api = {
        "to": [{"ipBlock": {"cidr": f"{ADDRESS}/32"}}],
        "ports": [{"protocol": "TCP", "port": 4566}],
    }
    kubectl("apply", "-f", "-", given=clients_of_milvus(f"rag-{name}"))
    return given(
        platform_environment=name,
        platform_namespace=f"rag-{name}",
        platform_kubeconfig=os.environ["KUBECONFIG"],
        platform_workload_identity="pod_identity",
        promote_from_kubeconfig=os.environ["KUBECONFIG"],
        app_rollout_ingress=False,
        app_rollout_extra_secrets={
            key: os.environ[key] for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        },
        app_rollout_values={
            "backend": {
                **SMALL,
                "resources": REQUESTS,
                "extraEnv": [endpoint],
                "extraEgress": [aws_api],
            },
            "worker": {**SMALL, "resources": REQUESTS},
            "frontend": SMALL,
            "networkPolicy": {"postgres": stores, "redis": stores},
            "caBundle": {"pem": Path(os.environ["NODE_EXTRA_CA_CERTS"]).read_text()},
        },
    )


@pytest.fixture(scope="module")
def staging() -> tuple[str, ...]:
    return environment("staging")


def test_a_promotion_refuses_what_was_never_verified(staging: tuple[str, ...]) -> None:
    book = "playbooks/promote.yml"
    assert "Say which environment was verified" in playbook(book, *staging, fails=True)
    nothing = given(promote_from="nothing", promote_from_namespace="rag-nothing")
    assert "There is no release rag of environment nothing" in playbook(
        book, *staging, *nothing, fails=True
    )
    unverified = given(app_rollout_verify=False, app_rollout_extra_secrets={"ANOTHER": "secret"})
    assert changed(rollout(*unverified)) > 0
    dev = given(promote_from="rehearsal", promote_from_namespace="rag")
    assert "was never verified" in playbook(book, *staging, *dev, fails=True)
    assert changed(rollout())
    kubectl("get", "deployments", "--namespace", "rag-staging")
    assert images("rag-staging") == {}


def test_what_was_verified_is_promoted_twice_with_equal_digests(staging: tuple[str, ...]) -> None:
    dev = given(promote_from="rehearsal", promote_from_namespace="rag")
    book = "playbooks/promote.yml"
    planned = playbook(book, *staging, *dev, "--check")
    assert images("rag-staging") == {}
    assert "image 000000000000.dkr.ecr.us-east-1.amazonaws.com/ragops-staging/backend" in planned
    playbook(book, *staging, *dev)
    assert changed(playbook(book, *staging, *dev)) == 0
    production = environment("prod")
    playbook(
        book, *production, *given(promote_from="staging", promote_from_namespace="rag-staging")
    )
    found = {space: images(space) for space in ("rag", "rag-staging", "rag-prod")}
    print(json.dumps(found, indent=1))
    digests = [
        {name: image.split("@")[1] for name, image in by_name.items()} for by_name in found.values()
    ]
    assert digests[0]
    assert digests[0] == digests[1] == digests[2]
    assert "/ragops-prod/backend@" in found["rag-prod"]["rag-backend"]
    record = records("rag-prod")
    assert record[max(record)]["environment"] == "prod"
