"""AWS needs some time to spread what it took: ids, roles, names, tags and lists.

Of what was made just now it says that there is none, in each service's own words; of what was
changed it tells how it was before. Settings, from the environment of the emulated account:

    AWS_SPREAD_READS    calls that do not see it yet (default 0: all is seen at once)
    AWS_SPREAD_SECONDS  seconds after which all do (default 10)
    AWS_LIST_SECONDS    seconds for which ListSecrets shows what was before (default 300)

GET /_ministack/spread tells how many calls were refused, and how many told of what was before.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.aws.spread.calls import Call, Refusal
from rehearsal.aws.spread.kinds import (
    EC2_ELSEWHERE,
    EC2_ID,
    EC2_IDS,
    EC2_LISTS,
    KINDS,
    LATE,
    SERVICE_LINKED,
    STRANGERS,
    USES,
    Kind,
)
from rehearsal.aws.spread.lists import items_of, kind_listed, without, without_names
from rehearsal.aws.wire.answers import answer
from rehearsal.aws.wire.requestlog import Application, Message, Receive, Send, read_body

IDENTIFIERS = {
    "Bucket",
    "Name",
    "ReplicationGroupId",
    "ResourceName",
    "name",
    "resourceARN",
    "resourceArn",
    *(name for kind in KINDS for name in kind.refer),
}
REPORT = "/_ministack/spread"
NOT_KEPT = re.compile(r"sts|GET /clusters/[^/]+/updates/.*|GetSecretValue")


@dataclass(frozen=True)
class Settings:
    """How long AWS needs; see the module."""

    reads: int = 0
    seconds: float = 10.0
    list_seconds: float = 300.0

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Settings:
        """As an environment says."""
        return cls(
            int(environment.get("AWS_SPREAD_READS", 0)),
            float(environment.get("AWS_SPREAD_SECONDS", 10)),
            float(environment.get("AWS_LIST_SECONDS", 300)),
        )


@dataclass
class Wait:
    """What is not seen yet: for so many calls, and not after `until`."""

    left: int
    until: float

    def over(self, now: float) -> bool:
        """Whether it is seen."""
        return self.left <= 0 or now >= self.until


@dataclass
class Thing:
    """A named thing that AWS has yet to spread. names: with its ARNs."""

    kind: Kind
    names: set[str]
    wait: Wait

    def named(self, value: str) -> bool:
        """Whether a parameter's value names it."""
        if value in self.names:
            return True
        ends = tuple(f"{sign}{name}{end}" for name in self.names for sign, end in _ENDS)
        return value.startswith("arn:") and value.endswith(ends)


_ENDS = ((":", ""), ("/", ""), (":", ":*"))


@dataclass
class Kept:
    """A read's answer. wait: set when what it tells of has changed since."""

    messages: list[Message]
    text: str
    wait: Wait | None = None


@dataclass
class State:
    """What is known of an account."""

    ids: dict[str, Wait] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    vpcs: dict[str, float] = field(default_factory=dict)
    things: list[Thing] = field(default_factory=list)
    roles: dict[str, Wait] = field(default_factory=dict)
    linked: dict[str, Wait] = field(default_factory=dict)
    versioned: dict[str, Wait] = field(default_factory=dict)
    settling: dict[str, Wait] = field(default_factory=dict)
    changes: dict[tuple[str, str], Wait] = field(default_factory=dict)
    kept: dict[tuple[str, str, str, bytes], Kept] = field(default_factory=dict)
    secrets: dict[str, dict[str, Any]] = field(default_factory=dict)
    new_secrets: dict[str, float] = field(default_factory=dict)
    old_secrets: dict[str, float] = field(default_factory=dict)


class Spread:
    """An ASGI application that lets another one's changes be seen late."""

    def __init__(
        self,
        application: Application,
        settings: Settings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._application = application
        self._settings = settings
        self._clock = clock
        self._state = State()
        self._refused = self._late = 0

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request as AWS does that has yet to spread what was before it."""
        if scope["type"] != "http" or not self._settings.reads:
            await self._application(scope, receive, send)
            return
        if scope["path"] == REPORT:
            await answer(send, 200, {"refused": self._refused, "late": self._late})
            return
        if scope["path"].startswith("/_ministack/"):
            if scope["path"].endswith("/reset"):
                self._state = State()
            await self._application(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        query = scope.get("query_string", b"").decode("latin-1")
        call = Call(scope["method"], scope["path"], query, headers, b"")
        streams = call.service == "s3" and "/" in call.path.strip("/")
        if not streams:
            body, receive = await read_body(receive)
            call = Call(scope["method"], scope["path"], query, headers, body)
        early = self._early(call)
        if early is not None:
            for message in early:
                await send(message)
        elif streams:
            await self._application(scope, receive, send)
        else:
            for message in await self._asked(call, scope, receive):
                await send(message)

    def _early(self, call: Call) -> list[Message] | None:
        """The answer of a call that AWS need not be asked for."""
        if refusal := self._refusal(call):
            self._refused += 1
            return refusal.messages(call)
        kept = self._state.kept.get(call.key)
        if kept and kept.wait and not call.mutating and not kept.wait.over(self._clock()):
            kept.wait.left -= 1
            self._late += 1
            return kept.messages
        return None

    async def _asked(self, call: Call, scope: Any, receive: Receive) -> list[Message]:
        """The answer of the account, without what is not seen yet."""
        got: list[Message] = []

        async def keep(message: Message) -> None:
            got.append(message)

        await self._application(scope, receive, keep)
        if not got or got[0].get("status", 500) >= 300:
            if not call.mutating:
                self._state.kept.pop(call.key, None)  # what it told of is gone
            return got
        body = b"".join(message.get("body", b"") for message in got[1:])
        if call.mutating:
            self._changed(call, body.decode("utf-8", "replace"))
            return got
        shown = self._shown(call, body)
        self._state.known |= set(EC2_ID.findall(body.decode("latin-1")))
        if shown != body:
            self._late += 1
            kept = [
                pair for pair in got[0].get("headers", ()) if pair[0].lower() != b"content-length"
            ]
            kept.append((b"content-length", str(len(shown)).encode()))
            got = [{**got[0], "headers": kept}, {"type": "http.response.body", "body": shown}]
        if not NOT_KEPT.fullmatch(call.service) and not NOT_KEPT.fullmatch(call.action):
            self._state.kept[call.key] = Kept(got, shown.decode("latin-1"))
        return got

    def _wait(self) -> Wait:
        return Wait(self._settings.reads, self._clock() + self._settings.seconds)

    def _counts(self, wait: Wait | None) -> bool:
        """Whether something is not seen yet, by this call neither."""
        if wait is None or wait.over(self._clock()):
            return False
        wait.left -= 1
        return True

    # What is refused

    def _refusal(self, call: Call) -> Refusal | None:
        for check in (
            self._unknown_id,
            self._unknown_thing,
            self._unlinked,
            self._unusable_role,
            self._unseen_change,
            self._unversioned,
        ):
            if refusal := check(call):
                return refusal
        return None

    def _unknown_id(self, call: Call) -> Refusal | None:
        for name, value in call.values:
            if name == "Filter" or value not in self._state.ids:
                continue
            prefix = value.split("-", 1)[0]
            said = STRANGERS.get((call.service, prefix))
            if call.service == "ec2":
                said = EC2_ELSEWHERE.get((call.action, prefix)) or EC2_IDS[prefix]
            if said and self._counts(self._state.ids[value]):
                return Refusal(400, said[0], said[1].format(value))
        return None

    def _unknown_thing(self, call: Call) -> Refusal | None:
        for thing in self._things(call.service):
            kind = thing.kind
            if _makes(call, kind):
                continue
            for name, value in call.values:
                if name in kind.refer and thing.named(value) and self._counts(thing.wait):
                    return Refusal(kind.status, kind.code, kind.text.format(value))
        return None

    def _things(self, service: str) -> Iterator[Thing]:
        return (thing for thing in self._state.things if thing.kind.service == service)

    def _unlinked(self, call: Call) -> Refusal | None:
        """A service's own role: the first call that needs it makes it."""
        said = SERVICE_LINKED.get((call.service, call.action))
        if said is None:
            return None
        wait = self._state.linked.setdefault(said[0], self._wait())
        return Refusal(400, said[1], said[2]) if self._counts(wait) else None

    def _unusable_role(self, call: Call) -> Refusal | None:
        for use in USES.get((call.service, call.action), ()):
            for name, value in call.values:
                if name == use.name and self._counts(self._state.roles.get(value.split("/")[-1])):
                    return Refusal(400, use.code, use.text.format(value))
        return None

    def _unseen_change(self, call: Call) -> Refusal | None:
        """Refuse what needs a key that was made, enabled or taken back just before."""
        for late in LATE.get((call.service, call.action), ()):
            for name, value in call.values:
                change = late.change, value.split("/")[-1]
                if name == late.name and self._counts(self._state.changes.get(change)):
                    return Refusal(400, late.code, late.text.format(value))
        return None

    def _unversioned(self, call: Call) -> Refusal | None:
        if call.service != "s3" or not call.mutating:
            return None
        bucket = call.value("Bucket")
        if call.query and self._counts(self._state.settling.get(bucket)):
            text = (
                "A conflicting conditional operation is currently in progress against this "
                "resource. Please try again."
            )
            return Refusal(409, "OperationAborted", text)
        if call.action != "PUT ?replication":
            return None
        if self._counts(self._state.versioned.get(bucket)):
            text = "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
            return Refusal(400, "InvalidRequest", text)
        for target in re.findall(rb"<Bucket>arn:[^<]*:::([^<]+)</Bucket>", call.body):
            if self._counts(self._state.versioned.get(target.decode())):
                text = "Destination bucket must have versioning enabled."
                return Refusal(400, "InvalidRequest", text)
        return None

    # What changes

    def _changed(self, call: Call, text: str) -> None:
        state = self._state
        named = {
            value
            for name, value in call.values
            if name in IDENTIFIERS or EC2_ID.fullmatch(value) is not None
        }
        self._outdate(call.service, {name for name in named if len(name) > 3})
        if call.service == "ec2":
            self._new_ids(call, text)
        for kind in KINDS:
            if kind.service == call.service and _makes(call, kind):
                self._new_thing(kind, call, text)
        if call.service == "s3" and call.action == "PUT ?versioning":
            state.versioned[call.value("Bucket")] = self._wait()
        if call.service == "secretsmanager":
            self._secret(call)
        if call.service == "kms" and call.value("KeyId"):
            state.changes[call.action, call.value("KeyId").split("/")[-1]] = self._wait()

    def _outdate(self, service: str, names: set[str]) -> None:
        """What was read of these before is now how AWS tells of them for a while."""
        now = self._clock()
        for key, kept in list(self._state.kept.items()):
            if key[0] != service:
                continue
            asked = f"{key[1]} {key[2]} {key[3].decode('latin-1')}"
            if not any(name in kept.text or name in asked for name in names):
                continue
            if kept.wait and now >= kept.wait.until:
                # It is of before the change before: nobody is told that any more.
                del self._state.kept[key]
            elif kept.wait is None or kept.wait.over(now):
                kept.wait = self._wait()

    def _new_ids(self, call: Call, text: str) -> None:
        if call.action.startswith(("Create", "Allocate", "RunInstances")):
            asked = {value for _, value in call.values}
            for each in set(EC2_ID.findall(text)) - self._state.known - asked:
                self._state.ids[each] = self._wait()
                if each.startswith("vpc-"):
                    self._state.vpcs[each] = self._clock() + self._settings.seconds
        self._state.known |= set(EC2_ID.findall(text))

    def _new_thing(self, kind: Kind, call: Call, text: str) -> None:
        if kind.name.startswith("<"):
            tag = kind.name[1:]
            pattern = rf'<{tag}>([^<]+)</{tag}>|"{tag}":\s*"([^"]+)"'
            name = next(("".join(found) for found in re.findall(pattern, text)), "")
        else:
            name = call.value(kind.name)
        arns = {arn for arn in re.findall(r"arn:[^\"<\s]+", text) if name in arn}
        self._state.things = [
            thing
            for thing in self._state.things
            if not (thing.kind is kind and name in thing.names)
        ]
        self._state.things.append(Thing(kind, {name, *arns}, self._wait()))
        if kind.made == "CreateKey":
            self._state.changes[kind.made, name] = self._wait()
        if kind.made in ("CreateRole", "CreateInstanceProfile"):
            self._state.roles[name] = self._wait()
        if kind.service == "s3":
            self._state.settling[name] = Wait(1, self._clock() + self._settings.seconds)

    def _secret(self, call: Call) -> None:
        now, name = self._clock(), call.value("Name") or call.value("SecretId")
        if call.action == "CreateSecret":
            self._state.new_secrets[name] = now
        if call.action == "DeleteSecret" and name in self._state.secrets:
            self._state.old_secrets[name] = now

    # What is shown

    def _shown(self, call: Call, body: bytes) -> bytes:
        if call.service == "ec2" and call.action in EC2_LISTS:
            return self._shown_ids(call, body)
        if call.service == "secretsmanager":
            return self._shown_secrets(call, body)
        kind = kind_listed(call.service, call.action, call.path)
        if kind is None:
            return body
        text = body.decode("latin-1")
        hidden = {
            name
            for thing in self._things(call.service)
            if thing.kind is kind
            and any(name in text for name in thing.names)
            and self._counts(thing.wait)
            for name in thing.names
        }
        if not hidden:
            return body
        if body.lstrip().startswith(b"<"):
            return without(body, kind.listed, hidden)
        return without_names(body, kind.listed, hidden.__contains__)

    def _shown_ids(self, call: Call, body: bytes) -> bytes:
        now = self._clock()
        for each, vpc, with_vpc in items_of(call.action, body):
            new = with_vpc and now < self._state.vpcs.get(vpc, 0)
            if new and each not in self._state.known:
                self._state.ids[each] = self._wait()
        hidden = {
            each
            for each in set(EC2_ID.findall(body.decode("latin-1")))
            if f"<{EC2_LISTS[call.action]}>{each}<".encode() in body
            and self._counts(self._state.ids.get(each))
        }
        return without(body, EC2_LISTS[call.action], hidden) if hidden else body

    def _shown_secrets(self, call: Call, body: bytes) -> bytes:
        """ListSecrets does not tell what the last minutes changed; DescribeSecret does."""
        state, limit = self._state, self._clock() - self._settings.list_seconds
        if call.action == "DescribeSecret":
            found = json.loads(body)
            state.secrets[found["Name"]] = found
        if call.action != "ListSecrets":
            return body
        shown = without_names(
            body, "Name", lambda name: state.new_secrets.get(name, limit - 1) > limit
        )
        content = json.loads(shown)
        there = {item["Name"] for item in content["SecretList"]}
        prefixes = call.value("Values")
        for name, gone in state.old_secrets.items():
            known = state.new_secrets.get(name, limit - 1) <= limit
            if gone > limit and known and name not in there and name.startswith(prefixes):
                content["SecretList"].append(state.secrets[name])
        return json.dumps(content).encode()


def _makes(call: Call, kind: Kind) -> bool:
    if kind.service == "s3":
        return call.action == "PUT" and "/" not in call.path.strip("/")
    return call.action == kind.made
