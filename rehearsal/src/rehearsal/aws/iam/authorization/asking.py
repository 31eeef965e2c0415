"""In the places of ministack's functions: each call's questions, put one after the other."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from rehearsal.aws.ec2.questions import Questions
from rehearsal.aws.iam.authorization import dependent
from rehearsal.aws.iam.authorization.calls import Call, parse
from rehearsal.aws.iam.authorization.questions import SERVICES, Question, questions, settled
from rehearsal.aws.iam.authorization.records import Records
from rehearsal.aws.iam.authorization.reference import find


@dataclass(frozen=True)
class Asking:
    """Questions of calls. The functions are ministack's, that stand before ours."""

    records: Records
    launches: Questions
    is_root: Callable[[str], bool]
    decide: Callable[..., Any]
    extract: Callable[..., str]
    refuse: Callable[..., Any]
    text: Callable[..., str]
    called: ContextVar[Call | None] = field(
        default_factory=lambda: ContextVar("called", default=None)
    )
    refused: ContextVar[Question | None] = field(
        default_factory=lambda: ContextVar("refused", default=None)
    )

    def note(
        self,
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: dict[str, Any],
        region: str,
        account: str,
    ) -> str:
        """Keep a call for the decision about it."""
        # Settings of buckets are small; objects are none of IAM's business.
        content = body if service != "s3" or len(path.strip("/").split("/")) == 1 else b""
        self.called.set(parse(service, path, content, query, region, account))
        arn = self.extract(service, method, path, headers, body, query, region, account)
        # AWS: a public parameter of Systems Manager has no account in its ARN.
        own = f"arn:aws:ssm:{region}:{account}:parameter/aws/service/"
        return arn.replace(f":{account}:", "::", 1) if arn.startswith(own) else arn

    def enforce(
        self,
        key: str,
        action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: dict[str, Any] | None = None,
    ) -> Any:
        """None when all is allowed, else ministack's word about the first that is not."""
        self.refused.set(None)
        given = dict(service_context or {})
        call = self.called.get()
        asked = [Question(action, resource_arn, given)]
        if call is not None and not self.is_root(key):
            asked = self._asked(asked[0], call)
        for each in asked:
            denied = self.decide(
                key,
                each.action,
                each.action.partition(":")[0] if each.action != action else service,
                region,
                resource_arn=each.arn,
                service_context=dict(each.context),
            )
            if denied:
                self.refused.set(each)
                return denied
        return None

    def _asked(self, own: Question, call: Call) -> list[Question]:
        """own: what ministack would ask."""
        action = own.action
        if self.launches.known(action, call.parameters):
            roles = dependent.linked(action, call, self.records)
            return [
                Question(each.action, self.launches.arn(each.resource, call.region), each.context)
                for each in self.launches.about(action, call.parameters)
            ] + [settled(part, self.records) for part in roles]
        if action.partition(":")[0] in SERVICES and find(action):
            return list(questions(action, call, self.records))
        more = dependent.of(action, call, self.records)
        return [own, *(settled(part, self.records) for part in more)]

    def denied(
        self, service: str, action: str, principal: str, request_id: str, **options: Any
    ) -> Any:
        """Name what was refused, as AWS does: it may be what depends on the call's action."""
        each = self.refused.get()
        if each and not options.get("message") and not options.get("resource_policy_arn"):
            action = each.action
            explicit = bool(options.get("explicit_deny"))
            options["message"] = self.text(action, principal, each.arn, explicit)
        return self.refuse(service, action, principal, request_id, **options)
