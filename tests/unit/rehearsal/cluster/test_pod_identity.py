"""What the webhook makes of a pod."""

from __future__ import annotations

import base64
import json
from typing import Any

from rehearsal.cluster.pod_identity import patch, review

ROLE = {"eks.amazonaws.com/role-arn": "arn:aws:iam::000000000000:role/backend"}


def pod(**annotations: str) -> dict[str, Any]:
    return {
        "metadata": {"annotations": annotations},
        "spec": {
            "serviceAccountName": "rag-backend",
            "initContainers": [{"name": "migrate"}],
            "containers": [
                {
                    "name": "backend",
                    "env": [{"name": "AWS_REGION", "value": "eu-west-1"}],
                    "volumeMounts": [{"name": "tmp", "mountPath": "/data"}],
                }
            ],
        },
    }


def changed(account: dict[str, str], **annotations: str) -> dict[str, Any]:
    spec = dict(pod(**annotations)["spec"])
    for change in patch(pod(**annotations), account):
        name = change["path"].removeprefix("/spec/")
        assert change["op"] == ("replace" if name in spec else "add")
        spec[name] = change["value"]
    return spec


def test_every_container_gets_the_token_and_the_role() -> None:
    spec = changed(ROLE)
    for container in (*spec["initContainers"], *spec["containers"]):
        values = {each["name"]: each["value"] for each in container["env"]}
        assert values["AWS_ROLE_ARN"] == ROLE["eks.amazonaws.com/role-arn"]
        mounts = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
        assert values["AWS_WEB_IDENTITY_TOKEN_FILE"] == mounts["aws-iam-token"] + "/token"
    source = spec["volumes"][-1]["projected"]["sources"][0]["serviceAccountToken"]
    assert source == {"audience": "sts.amazonaws.com", "expirationSeconds": 86400, "path": "token"}


def test_what_a_container_sets_itself_stays() -> None:
    container = changed(ROLE)["containers"][0]
    regions = [each["value"] for each in container["env"] if each["name"] == "AWS_REGION"]
    assert regions == ["eu-west-1"]
    assert container["volumeMounts"][0]["name"] == "tmp"


def test_annotations_are_heeded() -> None:
    account = {**ROLE, "eks.amazonaws.com/token-expiration": "1", "eks.amazonaws.com/audience": "a"}
    token = changed(account)["volumes"][-1]["projected"]["sources"][0]["serviceAccountToken"]
    assert (token["audience"], token["expirationSeconds"]) == ("a", 600)
    skipped = changed(ROLE, **{"eks.amazonaws.com/skip-containers": "migrate, other"})
    assert "env" not in skipped["initContainers"][0]
    assert len(skipped["containers"][0]["env"]) > 1


def test_without_a_role_nothing_changes_and_twice_is_once() -> None:
    assert patch(pod(), {}) == []
    again = pod()
    again["spec"] = changed(ROLE)
    assert patch(again, ROLE) == []


def test_a_review_is_answered_with_the_patch_of_its_service_account() -> None:
    asked = {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {"uid": "1", "namespace": "rag", "object": pod()},
    }
    read: list[tuple[str, str]] = []

    def account(namespace: str, name: str) -> dict[str, Any]:
        read.append((namespace, name))
        return {"metadata": {"annotations": ROLE}}

    answer = review(asked, account)
    assert read == [("rag", "rag-backend")]
    assert (answer["kind"], answer["response"]["allowed"]) == ("AdmissionReview", True)
    assert json.loads(base64.b64decode(answer["response"]["patch"])) == patch(pod(), ROLE)
    assert "patch" not in review(asked, lambda *_: None)["response"]
