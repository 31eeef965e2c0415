"""Who may do what in the cluster, as EKS tells its API server: two webhooks.

Authentication: a token of `aws eks get-token` is a presigned sts:GetCallerIdentity; it is
checked as STS would, and its caller must have an access entry. Authorization: the access
policies that are associated with the entry, read at each question, so that a change counts
at once.

A token ends 15 minutes after it was signed, as EKS has it; a world in which waits are to outlive
their tokens sets AWS_EKS_TOKEN_SECONDS in the environment of the emulated account.
"""

from __future__ import annotations

import asyncio
import base64
import fnmatch
import json
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from rehearsal.aws.wire.answers import Receive, Scope, Send, answer, asked

Dict = dict[str, Any]

LIFE = 15 * 60
PREFIX = "k8s-aws-v1."
"""What every token of EKS begins with."""
PRINCIPAL = "canonicalArn"
"""Extra attribute of a user: the ARN of his access entry, under EKS's own name for it."""


class ClusterAccess:
    """An ASGI application for the API server alone.

    eks: ministack's module. life: seconds that a token is good, counted from its signature.
    """

    def __init__(self, eks: Any, life: float = LIFE) -> None:
        self._eks, self._life = eks, life

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one review."""
        if scope["type"] != "http":
            return
        reviews = {"/authenticate": self.authenticate, "/authorize": self.authorize}
        review = reviews.get(scope["path"])
        if review is None:
            await answer(send, 404, {})
            return
        # Not in the event loop: STS's checks may take a while, and AWS must go on.
        await answer(send, 200, await asyncio.to_thread(review, await asked(receive)))

    def authenticate(self, review: Dict) -> Dict:
        """Answer a TokenReview: the first cluster at which the token's caller has an entry."""
        status: Dict = {"authenticated": False}
        if age(review.get("spec", {}).get("token", "")) > self._life:
            return {**shell(review), "status": status}
        for (account, region, name), cluster in self._eks._clusters.all_items():
            secret = cluster.get("_auth_token", "")
            found = self._eks._authenticate_token_review(name, account, region, review, secret)
            status = json.loads(found[2])["status"]
            if status["authenticated"]:
                entry = self._entry(name, account, region, status["user"]["uid"], review)
                status["user"] = user(status["user"], entry)
                break
        return {**shell(review), "status": status}

    def _entry(self, name: str, account: str, region: str, uid: str, review: Dict) -> Dict:
        credential = self._eks._verify_eks_token(review["spec"]["token"], name)
        entry = self._eks._access_entry_for_principal(
            name, account, region, credential.principal_arn
        )
        return {
            "principal": entry["principalArn"],
            "arn": credential.principal_arn,
            "uid": uid,
            "key": credential.access_key_id,
        }

    def authorize(self, review: Dict) -> Dict:
        """Answer a SubjectAccessReview. What no policy allows is left to the others: no opinion."""
        spec = review.get("spec") or {}
        principals = (spec.get("extra") or {}).get(PRINCIPAL) or []
        allowed = any(allows(rules, scope, spec) for rules, scope in self._policies(principals))
        return {**shell(review), "status": {"allowed": allowed}}

    def _policies(self, principals: Iterable[str]) -> Iterable[tuple[list[Dict], Dict]]:
        """(rules, scope) of each access policy that is associated with one of the principals."""
        wanted = set(principals)
        for (account, region, name), _ in self._eks._clusters.all_items():
            found = self._eks._access_policy_associations(name, account, region)
            for principal, policy, association in found:
                if principal in wanted:
                    title = self._eks._access_policy_name(policy)
                    yield self._eks._ACCESS_POLICY_RULES[title], association["accessScope"]


def age(token: str) -> float:
    """Seconds since a token was signed; 0 of what is no token of EKS, which others refuse."""
    try:
        url = base64.urlsafe_b64decode(token.removeprefix(PREFIX) + "==").decode()
        signed = parse_qs(urlsplit(url).query)["X-Amz-Date"][0]
        return time.time() - datetime.strptime(f"{signed}+0000", "%Y%m%dT%H%M%SZ%z").timestamp()
    except (ValueError, KeyError):
        return 0


def shell(review: Dict) -> Dict:
    """Version and kind of an answer: those of the question."""
    return {"apiVersion": review.get("apiVersion"), "kind": review.get("kind")}


def user(told: Dict, entry: Dict) -> Dict:
    """The user as EKS describes him: the groups of his entry, and who he is in AWS."""
    return {
        "username": told["username"],
        "uid": f"aws-iam-authenticator:{entry['uid']}",
        # ministack adds groups that stand for policies; EKS has none.
        "groups": [name for name in told["groups"] if not name.startswith("ministack:")],
        "extra": {
            "arn": [entry["arn"]],
            PRINCIPAL: [entry["principal"]],
            "accessKeyId": [entry["key"]],
        },
    }


def allows(rules: Iterable[Mapping[str, Any]], scope: Mapping[str, Any], spec: Dict) -> bool:
    """Whether rules (in RBAC's terms) allow what is asked, within the scope of the association."""
    resource = spec.get("resourceAttributes")
    if scope["type"] == "namespace":
        namespace = (resource or {}).get("namespace", "")
        patterns = scope.get("namespaces", [])
        if not namespace or not any(fnmatch.fnmatchcase(namespace, each) for each in patterns):
            return False
    if resource is None:
        path = spec.get("nonResourceAttributes") or {}
        return any(covers_path(rule, path) for rule in rules)
    return any(covers(rule, resource) for rule in rules)


def covers(rule: Mapping[str, Any], asked_for: Mapping[str, str]) -> bool:
    """Whether one rule covers an action on a resource."""
    name, part = asked_for.get("resource", ""), asked_for.get("subresource", "")
    names = {"*", f"{name}/{part}", f"*/{part}"} if part else {"*", name}
    return (
        bool({"*", asked_for.get("verb")} & set(rule.get("verbs", ())))
        and bool({"*", asked_for.get("group", "")} & set(rule.get("apiGroups", ())))
        and bool(names & set(rule.get("resources", ())))
    )


def covers_path(rule: Mapping[str, Any], asked_for: Mapping[str, str]) -> bool:
    """Whether one rule covers an action on a path such as /metrics."""
    return bool({"*", asked_for.get("verb")} & set(rule.get("verbs", ()))) and any(
        fnmatch.fnmatchcase(asked_for.get("path", ""), each)
        for each in rule.get("nonResourceURLs", ())
    )
