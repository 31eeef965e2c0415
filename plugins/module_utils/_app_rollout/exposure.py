# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Who reaches the application: nobody gets to it from the internet unnamed or unencrypted."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .._inputs.rules import Inputs

_HOST = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+")
_CERTIFICATE = re.compile(r"arn:aws[a-z-]*:acm:([a-z0-9-]+):[0-9]{12}:certificate/[0-9a-zA-Z-]+")
_NEEDS = {
    "oidc": (
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "user_info_endpoint",
        "client_secret",
    ),
    "cognito": ("user_pool_arn", "user_pool_client_id", "user_pool_domain"),
}
_ZONE_ID = re.compile(r"Z[A-Z0-9]{1,31}")
_LONGEST = 64
"""Characters of a certificate's name (RFC 5280)."""
_WIDEST = 8
"""Ranges that are wider name nobody: /0 is everybody, and two of /1 are, too."""
_GROUP_RULES = 60
"""Rules of one direction and IP version that a security group takes by AWS's default quota."""
_PREFIX = "alb.ingress.kubernetes.io/"
_OURS = (
    *("scheme", "listen-ports", "certificate-arn", "inbound-cidrs", "security-groups"),
    *("security-group-prefix-lists", "load-balancer-attributes", "wafv2-acl-arn"),
)
_ANYBODY = (
    "name who may come (app_rollout_inbound_cidrs), or let people sign in (app_rollout_sign_in), "
    "or leave app_rollout_scheme at internal"
)


def problems(inputs: Inputs, region: str, controller: bool) -> Iterator[str]:
    """Yield what is wrong with how people reach the application.

    Args:
        inputs: of role app_rollout, typed.
        region: platform_region.
        controller: whether the run installs the load balancer controller.
    """
    if inputs.get("app_rollout_state") == "absent":
        return
    for name in inputs.get("app_rollout_extra_secrets", {}):
        if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is None:
            yield (
                f"app_rollout: app_rollout_extra_secrets has '{name[:60]}', which is no name of an "
                "environment variable: use letters, digits and _."
            )
    asked = effective(inputs)
    yield from _zone(asked)
    yield from _values(asked["annotations"])
    yield from _ranges(asked["cidrs"])
    yield from _sign_in(asked)
    yield from _certificate(asked["certificate"], region)
    if not exposed(asked, controller):
        return
    yield from _host(asked["host"])
    if asked["scheme"] == "internet-facing":
        yield from _internet(asked)


def warnings(inputs: Inputs, controller: bool) -> Iterator[str]:
    """Yield what is allowed, and better known."""
    asked = effective(inputs)
    if exposed(asked, controller) and not _secure(asked):
        yield (
            "app_rollout: people reach the application by HTTP, unencrypted, as "
            "app_rollout_certificate_arn and app_rollout_hosted_zone are empty. The load balancer "
            "is internal."
        )
    if exposed(asked, controller):
        yield from _rules(asked)


def _rules(asked: Mapping[str, Any]) -> Iterator[str]:
    """The controller writes a rule for each range and listener into one group."""
    listeners = 2 if _secure(asked) else 1
    versions = [net.version for text in asked["cidrs"] if (net := _network(text))]
    needed = max((versions.count(version) for version in (4, 6)), default=0) * listeners
    if needed > _GROUP_RULES:
        yield (
            f"app_rollout: app_rollout_inbound_cidrs makes {needed} rules in the load balancer's "
            f"security group (one a range and listener), and a group takes {_GROUP_RULES} unless "
            "AWS raised the quota: then nobody is let in whose rule is missing. Join ranges, or "
            "let AWS raise it (Service Quotas: Inbound or outbound rules per security group)."
        )


def effective(inputs: Inputs) -> dict[str, Any]:
    """Return what the chart gets: app_rollout_values goes over the inputs, as in the role."""
    over = inputs.get("app_rollout_values") or {}
    over = over.get("ingress") if isinstance(over, Mapping) else {}
    over = over if isinstance(over, Mapping) else {}
    own = {key.removeprefix("app_rollout_"): value for key, value in inputs.items()}
    return {
        "enabled": over.get("enabled", own.get("ingress")),
        "host": str(over.get("host", own.get("host") or "")),
        "scheme": over.get("scheme", own.get("scheme") or "internal"),
        "certificate": str(over.get("certificateArn", own.get("certificate_arn") or "")),
        "zone": str(own.get("hosted_zone") or ""),
        "over": sorted({"host", "enabled", "certificateArn"} & set(over)),
        # Lists are appended.
        "cidrs": [*(own.get("inbound_cidrs") or []), *(over.get("inboundCidrs") or [])],
        "sign_in": {key: value for key, value in (own.get("sign_in") or {}).items() if value},
        "signed_in_by_values": bool((over.get("signIn") or {}).get("provider")),
        "annotations": over.get("annotations") or {},
    }


def exposed(asked: Mapping[str, Any], controller: bool) -> bool:
    """Return whether there will be a load balancer."""
    if asked["enabled"] is not None:
        return bool(asked["enabled"])
    return controller and bool(asked["host"])


def _host(host: str) -> Iterator[str]:
    if not host:
        yield (
            "app_rollout: app_rollout_ingress is on, and app_rollout_host is empty: a load "
            "balancer that answers to every name can be used by other pages. Set "
            "app_rollout_host to the name by which people come."
        )
    elif not _HOST.fullmatch(host) or len(host) > 253:
        yield (
            f"app_rollout: app_rollout_host is '{host}': give one name in lower case, such as "
            "rag.example.com, without a scheme, a port and a wildcard."
        )


def _secure(asked: Mapping[str, Any]) -> bool:
    """Whether there is a certificate, or one is requested."""
    return bool(asked["certificate"] or asked["zone"])


def _zone(asked: Mapping[str, Any]) -> Iterator[str]:
    zone, host = asked["zone"], asked["host"]
    if not zone:
        return
    if not host:
        yield (
            f"app_rollout: app_rollout_hosted_zone is '{zone}', and app_rollout_host is empty: set "
            "the name that gets a record in the zone."
        )
        return
    if asked["over"]:
        yield (
            f"app_rollout: app_rollout_values.ingress has {', '.join(asked['over'])}, and "
            "app_rollout_hosted_zone is set: the record and the certificate are made for the "
            "inputs. Use app_rollout_host, app_rollout_ingress and app_rollout_certificate_arn."
        )
    if not asked["certificate"] and len(host) > _LONGEST:
        yield (
            f"app_rollout: app_rollout_host has {len(host)} characters: ACM issues certificates "
            f"for names of at most {_LONGEST}. Choose a shorter one, or give "
            "app_rollout_certificate_arn."
        )
    if _ZONE_ID.fullmatch(zone):
        return
    name = zone.rstrip(".")
    if not _HOST.fullmatch(name):
        yield (
            f"app_rollout: app_rollout_hosted_zone is '{zone}', which is neither the id of a "
            "hosted zone (Z0123456789ABC) nor a name such as example.com in lower case."
        )
    elif host != name and not host.endswith(f".{name}"):
        yield (
            f"app_rollout: app_rollout_host {host} is not in app_rollout_hosted_zone {zone}: name "
            "the zone that has it."
        )


def _internet(asked: Mapping[str, Any]) -> Iterator[str]:
    if not _secure(asked):
        yield (
            "app_rollout: app_rollout_scheme is internet-facing, and app_rollout_certificate_arn "
            "is empty: documents and questions would cross the internet unencrypted. Give the ARN "
            "of a certificate of ACM, or app_rollout_hosted_zone to have one requested, or "
            "leave app_rollout_scheme at internal."
        )
    if asked["sign_in"].get("provider") or asked["signed_in_by_values"]:
        return
    if not asked["cidrs"]:
        yield (
            "app_rollout: app_rollout_scheme is internet-facing, and everybody could come, as the "
            f"application asks nobody who they are: {_ANYBODY}."
        )
    wide = [text for text in asked["cidrs"] if (net := _network(text)) and net.prefixlen < _WIDEST]
    if wide:
        yield (
            f"app_rollout: app_rollout_inbound_cidrs has {', '.join(wide)}, which names nobody: "
            f"{_ANYBODY}."
        )


def _ranges(cidrs: list[Any]) -> Iterator[str]:
    for text in cidrs:
        if _network(text) is None:
            yield (
                f"app_rollout: app_rollout_inbound_cidrs has '{text}', which is no CIDR block. "
                "Write an address as 203.0.113.7/32."
            )


def _network(text: Any) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(str(text))
    except ValueError:
        return None


def _sign_in(asked: Mapping[str, Any]) -> Iterator[str]:
    sign_in = asked["sign_in"]
    provider = sign_in.get("provider")
    # The others have defaults.
    if not provider:
        if set(sign_in) - {"scope", "session_timeout"}:
            yield "app_rollout: app_rollout_sign_in lacks provider: oidc or cognito."
        return
    missing = [name for name in _NEEDS.get(str(provider), ()) if not sign_in.get(name)]
    if missing:
        yield (
            f"app_rollout: app_rollout_sign_in lacks {', '.join(missing)}, which provider "
            f"{provider} needs."
        )
    plain = [
        name
        for name in _NEEDS["oidc"][:4]
        if sign_in.get(name) and not str(sign_in[name]).startswith("https://")
    ]
    if plain:
        yield f"app_rollout: app_rollout_sign_in: {', '.join(plain)} must begin with https://."
    if not _secure(asked):
        yield (
            "app_rollout: app_rollout_sign_in needs app_rollout_certificate_arn or "
            "app_rollout_hosted_zone: a load balancer signs people in by HTTPS only."
        )


def _certificate(arn: str, region: str) -> Iterator[str]:
    if not arn:
        return
    found = _CERTIFICATE.fullmatch(arn)
    if found is None:
        yield (
            f"app_rollout: app_rollout_certificate_arn is '{arn}', which is no certificate of ACM "
            "(arn:<partition>:acm:<region>:<account>:certificate/<id>)."
        )
    elif found[1] != region:
        yield (
            f"app_rollout: app_rollout_certificate_arn is one of {found[1]}: a load balancer takes "
            f"those of its own region, {region}. Request one there."
        )


def _values(annotations: Any) -> Iterator[str]:
    """Annotations would go past the rules above."""
    names = annotations if isinstance(annotations, Mapping) else {}
    found = sorted(
        name
        for name in map(str, names)
        if name.startswith((f"{_PREFIX}auth-", f"{_PREFIX}ssl-"))
        or name.removeprefix(_PREFIX) in _OURS
    )
    if found:
        yield (
            f"app_rollout: app_rollout_values.ingress.annotations has {', '.join(found)}: these "
            "are inputs of their own, which are judged before anything changes. Use "
            "app_rollout_scheme, app_rollout_inbound_cidrs, app_rollout_sign_in and "
            "app_rollout_certificate_arn."
        )
