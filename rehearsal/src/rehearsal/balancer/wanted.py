"""What Ingresses ask for: load balancers, listeners, rules, target groups. Pure functions."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Dict = dict[str, Any]

PREFIX = "alb.ingress.kubernetes.io/"
FINALIZER = "ingress.k8s.aws/resources"


class Refused(Exception):
    """An Ingress asks for what can't be; the text is the Event's."""


@dataclass(frozen=True)
class Group:
    """A target group: the pods behind one port of one Service, and how they are checked."""

    name: str
    namespace: str
    service: str
    port: str
    path: str
    check_port: str
    interval: float
    timeout: float
    healthy: int
    unhealthy: int
    codes: str
    delay: float
    attributes: tuple[tuple[str, str], ...]

    @property
    def resource(self) -> str:
        """As the controller's tag names it."""
        return f"{self.namespace}/{self.service}:{self.port}"

    @property
    def condition(self) -> str:
        """Type of the pods' readiness gate."""
        return f"target-health.elbv2.k8s.aws/{self.name}"


@dataclass(frozen=True)
class Rule:
    """Requests for a host (empty: any) and path patterns go to a target group."""

    host: str
    paths: tuple[str, ...]
    group: Group


@dataclass(frozen=True)
class Listener:
    """A port.

    redirect: to which HTTPS port all requests are sent, 0 for none. policy: of TLS. sign_in:
    where those are sent who did not sign in, empty where nobody must.
    """

    port: int
    protocol: str
    certificate: str
    redirect: int
    policy: str = ""
    sign_in: str = ""


@dataclass(frozen=True)
class Balancer:
    """A load balancer.

    stack: what it is for: <namespace>/<name>, or the group's name. cidrs: who may come.
    """

    stack: str
    name: str
    scheme: str
    listeners: tuple[Listener, ...]
    rules: tuple[Rule, ...]
    attributes: tuple[tuple[str, str], ...]
    tags: tuple[tuple[str, str], ...]
    subnets: tuple[str, ...]
    cidrs: tuple[str, ...]

    @property
    def hosts(self) -> tuple[str, ...]:
        """Names that its rules ask for."""
        return tuple(sorted({rule.host for rule in self.rules if rule.host}))

    @property
    def groups(self) -> tuple[Group, ...]:
        """Its target groups, each once."""
        return tuple({rule.group.name: rule.group for rule in self.rules}.values())


def stack_of(ingress: Mapping[str, Any]) -> str:
    """Which load balancer an Ingress belongs to."""
    metadata = ingress["metadata"]
    group = (metadata.get("annotations") or {}).get(PREFIX + "group.name")
    return group or f"{metadata['namespace']}/{metadata['name']}"


def protected(ingress: Mapping[str, Any]) -> bool:
    """Whether an Ingress asks that its load balancer is not deleted."""
    notes = ingress["metadata"].get("annotations") or {}
    asked = dict(pairs(notes.get(PREFIX + "load-balancer-attributes", "")))
    return asked.get("deletion_protection.enabled") == "true"


def balancer(stack: str, ingresses: list[Dict], services: Mapping[str, Dict]) -> Balancer:
    """The load balancer of all Ingresses of a stack. services: by <namespace>/<name>."""
    notes: dict[str, str] = {}
    for ingress in ingresses:
        notes |= ingress["metadata"].get("annotations") or {}
    if notes.get(PREFIX + "target-type", "ip") != "ip":
        raise Refused(f"target-type {notes[PREFIX + 'target-type']}: here it is always ip")
    rules = [rule for ingress in ingresses for rule in rules_of(ingress, services)]
    # As the controller sorts: an exact path before a prefix, a longer one before a shorter.
    rules.sort(key=lambda rule: (not rule.host, "*" in rule.paths[0], -len(rule.paths[-1])))
    return Balancer(
        stack=stack,
        name=short("k8s", *stack.split("/"), key=stack),
        scheme=notes.get(PREFIX + "scheme", "internal"),
        listeners=listeners(notes),
        rules=tuple(rules),
        attributes=pairs(notes.get(PREFIX + "load-balancer-attributes", "")),
        tags=pairs(notes.get(PREFIX + "tags", "")),
        subnets=tuple(words(notes.get(PREFIX + "subnets", ""))),
        cidrs=tuple(words(notes.get(PREFIX + "inbound-cidrs", "0.0.0.0/0"))),
    )


def rules_of(ingress: Dict, services: Mapping[str, Dict]) -> Iterable[Rule]:
    """The rules of one Ingress, its default backend as the last one."""
    spec = ingress["spec"]
    for entry in spec.get("rules") or []:
        for path in (entry.get("http") or {}).get("paths", []):
            group = group_of(ingress, path["backend"], services)
            yield Rule(entry.get("host", ""), patterns(path), group)
    if default := spec.get("defaultBackend"):
        yield Rule("", ("/*",), group_of(ingress, default, services))


def patterns(path: Mapping[str, Any]) -> tuple[str, ...]:
    """Path patterns of ALB: a prefix is the path itself and all below it."""
    value = path.get("path") or "/"
    if path.get("pathType") != "Prefix":
        return (value,)
    bare = value.rstrip("/")
    return (bare, f"{bare}/*") if bare else ("/*",)


def group_of(ingress: Dict, backend: Mapping[str, Any], services: Mapping[str, Dict]) -> Group:
    """The target group of a backend; annotations of the Service win over the Ingress's."""
    namespace, wish = ingress["metadata"]["namespace"], backend.get("service")
    if not wish:
        raise Refused("a backend that is no Service: actions by annotation are not stood in for")
    service = services.get(f"{namespace}/{wish['name']}")
    if service is None:
        raise Refused(f'Service "{wish["name"]}" not found')
    asked = wish["port"].get("name") or wish["port"].get("number")
    ports = [p for p in service["spec"]["ports"] if asked in (p.get("name"), p["port"])]
    if not ports:
        raise Refused(f"Service {wish['name']} has no port {asked}")
    notes = {
        key.removeprefix(PREFIX): value
        for source in (ingress, service)
        for key, value in (source["metadata"].get("annotations") or {}).items()
        if key.startswith(PREFIX)
    }
    attributes = pairs(notes.get("target-group-attributes", ""))
    port = str(ports[0].get("name") or ports[0]["port"])
    key = f"{namespace}/{wish['name']}:{port}"
    return Group(
        name=short("k8s", namespace, wish["name"], key=key),
        namespace=namespace,
        service=wish["name"],
        port=port,
        path=notes.get("healthcheck-path", "/"),
        check_port=notes.get("healthcheck-port", "traffic-port"),
        interval=float(notes.get("healthcheck-interval-seconds", 15)),
        timeout=float(notes.get("healthcheck-timeout-seconds", 5)),
        healthy=int(notes.get("healthy-threshold-count", 2)),
        unhealthy=int(notes.get("unhealthy-threshold-count", 2)),
        codes=notes.get("success-codes", "200"),
        delay=float(dict(attributes).get("deregistration_delay.timeout_seconds", 300)),
        attributes=attributes,
    )


def listeners(notes: Mapping[str, str]) -> tuple[Listener, ...]:
    """Ports of a load balancer: HTTPS where there is a certificate, else HTTP."""
    certificate = notes.get(PREFIX + "certificate-arn", "")
    default = '[{"HTTPS": 443}]' if certificate else '[{"HTTP": 80}]'
    redirect = int(notes.get(PREFIX + "ssl-redirect", 0))
    policy = notes.get(PREFIX + "ssl-policy", "")
    leads_to = sign_in(notes)
    found = []
    for entry in json.loads(notes.get(PREFIX + "listen-ports", default)):
        for protocol, port in entry.items():
            if protocol == "HTTPS" and not certificate:
                raise Refused(f"listener HTTPS:{port} has no certificate-arn")
            secure = protocol == "HTTPS"
            found.append(
                Listener(int(port), protocol, certificate, 0, policy, leads_to)
                if secure
                else Listener(int(port), protocol, "", redirect)
            )
    return tuple(found)


def sign_in(notes: Mapping[str, str]) -> str:
    """Where people are sent to sign in; the controller asks for it at HTTPS listeners only."""
    kind = notes.get(PREFIX + "auth-type", "none")
    if kind == "none":
        return ""
    if notes.get(PREFIX + "auth-on-unauthenticated-request", "authenticate") != "authenticate":
        return ""
    try:
        asked = json.loads(notes.get(f"{PREFIX}auth-idp-{kind}", ""))
        if kind == "cognito":
            return f"https://{asked['userPoolDomain']}.auth.amazoncognito.com/oauth2/authorize"
        return str(asked["authorizationEndpoint"])
    except (ValueError, KeyError, TypeError):
        raise Refused(f"auth-type is {kind}, and auth-idp-{kind} does not say of whom") from None


def pairs(text: str) -> tuple[tuple[str, str], ...]:
    """`a=b,c=d` as pairs."""
    split = (part.partition("=") for part in words(text))
    return tuple((key, value) for key, _, value in split)


def words(text: str) -> list[str]:
    """A list with commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def short(*parts: str, key: str) -> str:
    """A name of at most 32 characters that the controller's look like: k8s-rag-frontend-<hash>."""
    clean = [re.sub(r"[^a-zA-Z0-9]", "", part)[:8] for part in parts]
    return "-".join([*clean, hashlib.sha256(key.encode()).hexdigest()[:10]])
