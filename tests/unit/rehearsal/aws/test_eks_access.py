"""What the API server is told of a token and of an access policy."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from rehearsal.aws.eks.access import LIFE, PREFIX, ClusterAccess, age, allows

VIEW = [
    {"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]},
]
ALL = [
    {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
    {"nonResourceURLs": ["*"], "verbs": ["*"]},
]
EVERYWHERE = {"type": "cluster", "namespaces": []}
RAG = {"type": "namespace", "namespaces": ["rag", "team-*"]}
ROLE = "arn:aws:iam::000000000000:role/viewers"
SESSION = "arn:aws:sts::000000000000:assumed-role/viewers/me"


def asks(
    verb: str, resource: str, namespace: str = "", group: str = "", part: str = ""
) -> dict[str, Any]:
    attributes = {"verb": verb, "resource": resource, "namespace": namespace}
    return {"resourceAttributes": {**attributes, "group": group, "subresource": part}}


@pytest.mark.parametrize(
    ("rules", "scope", "spec", "allowed"),
    [
        (VIEW, EVERYWHERE, asks("list", "pods", "any"), True),
        (VIEW, EVERYWHERE, asks("list", "pods"), True),
        (VIEW, RAG, asks("list", "pods", "rag"), True),
        (VIEW, RAG, asks("list", "pods", "team-a"), True),
        (VIEW, RAG, asks("list", "pods", "other"), False),
        (VIEW, RAG, asks("list", "pods"), False),
        (VIEW, EVERYWHERE, asks("delete", "pods", "rag"), False),
        (VIEW, EVERYWHERE, asks("get", "pods", "rag", part="log"), True),
        (VIEW, EVERYWHERE, asks("get", "pods", "rag", part="exec"), False),
        (VIEW, EVERYWHERE, asks("get", "deployments", "rag"), False),
        (VIEW, EVERYWHERE, asks("get", "deployments", "rag", group="apps"), True),
        (VIEW, EVERYWHERE, {"nonResourceAttributes": {"verb": "get", "path": "/metrics"}}, False),
        (ALL, EVERYWHERE, {"nonResourceAttributes": {"verb": "get", "path": "/metrics"}}, True),
        (ALL, EVERYWHERE, asks("escalate", "clusterroles", group="rbac"), True),
        (ALL, RAG, {"nonResourceAttributes": {"verb": "get", "path": "/metrics"}}, False),
        (VIEW, EVERYWHERE, {}, False),
    ],
)
def test_a_policy_allows_what_its_rules_and_scope_say(
    rules: Any, scope: Any, spec: Any, allowed: bool
) -> None:
    assert allows(rules, scope, spec) is allowed


class Eks:
    """ministack's EKS with one cluster, at which one token is good."""

    def __init__(self) -> None:
        clusters = {("1", "us-east-1", "ragops"): {"_auth_token": "shared"}}
        self._clusters = SimpleNamespace(all_items=lambda: list(clusters.items()))
        self._ACCESS_POLICY_RULES = {"View": VIEW}

    def _authenticate_token_review(
        self, name: str, account: str, region: str, review: dict[str, Any], secret: str
    ) -> Any:
        assert (name, account, region, secret) == ("ragops", "1", "us-east-1", "shared")
        status: dict[str, Any] = {"authenticated": review["spec"]["token"] == "good"}
        if status["authenticated"]:
            groups = ["system:authenticated", "ministack:eks:access:1", "mine"]
            status["user"] = {"username": SESSION, "uid": "AROA:me", "groups": groups}
        return 200, {}, json.dumps({"status": status}).encode()

    def _verify_eks_token(self, token: str, _: str) -> Any:
        return SimpleNamespace(principal_arn=SESSION, access_key_id="ASIA1") if token else None

    def _access_entry_for_principal(self, *_: str) -> dict[str, str]:
        return {"principalArn": ROLE}

    def _access_policy_associations(self, *_: str) -> list[Any]:
        return [(ROLE, "arn:View", {"accessScope": RAG})]

    def _access_policy_name(self, arn: str) -> str:
        return arn.removeprefix("arn:")


def post(path: str, review: Any) -> tuple[int, Any]:
    sent: list[dict[str, Any]] = []
    body = review if isinstance(review, bytes) else json.dumps(review).encode()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(ClusterAccess(Eks())({"type": "http", "path": path}, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


def test_a_token_of_who_has_an_entry_names_him_as_eks_does() -> None:
    head = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview"}
    status, answer = post("/authenticate", {**head, "spec": {"token": "good"}})
    assert status == 200
    assert {key: answer[key] for key in head} == head
    user = answer["status"]["user"]
    assert (user["username"], user["groups"]) == (SESSION, ["system:authenticated", "mine"])
    assert user["extra"]["canonicalArn"] == [ROLE]
    _, answer = post("/authenticate", {**head, "spec": {"token": "bad"}})
    assert answer["status"] == {"authenticated": False}


@pytest.mark.parametrize(("signed", "old"), [(0, False), (899, False), (901, True)])
def test_a_token_ends_some_time_after_it_was_signed(signed: int, old: bool) -> None:
    when = datetime.now(UTC) - timedelta(seconds=signed)
    url = f"https://sts.us-east-1.amazonaws.com/?X-Amz-Date={when:%Y%m%dT%H%M%SZ}&X-Amz-Expires=60"
    token = PREFIX + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
    assert (age(token) > LIFE) is old
    assert age("good") == age(PREFIX) == 0

    class Good(Eks):
        def _authenticate_token_review(self, *asked: Any) -> Any:
            asked[3]["spec"]["token"] = "good"
            return super()._authenticate_token_review(*asked)

    review = {"spec": {"token": token}}
    assert ClusterAccess(Good()).authenticate(review)["status"]["authenticated"] is not old


def test_policies_are_those_of_the_entry_that_the_user_came_by() -> None:
    spec = asks("list", "pods", "rag")
    for extra, allowed in (({"canonicalArn": [ROLE]}, True), ({"canonicalArn": ["x"]}, False)):
        _, answer = post("/authorize", {"spec": {**spec, "extra": extra}})
        assert answer["status"] == {"allowed": allowed}
    assert post("/authorize", {"spec": spec})[1]["status"] == {"allowed": False}
    assert post("/authorize", b"no JSON")[1]["status"] == {"allowed": False}
    assert post("/elsewhere", {})[0] == 404
