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
    "list the allowed CIDR blocks (app_rollout_inbound_cidrs), or require sign-in"
    " (app_rollout_sign_in), or set app_rollout_scheme to internal"
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
                f"app_rollout: app_rollout_extra_secrets has '{name[:60]}', which is not a valid"
                " name of an environment variable. Use letters, digits and _."
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
    if exposed(asked, controller) and not secure(asked):
        yield (
            "app_rollout: the application is reached by HTTP, unencrypted, because"
            " app_rollout_certificate_arn and app_rollout_hosted_zone are empty. The load balancer"
            " is internal."
        )
    if exposed(asked, controller):
        yield from _rules(asked)


def _rules(asked: Mapping[str, Any]) -> Iterator[str]:
    """The controller writes a rule for each range and listener into one group."""
    listeners = 2 if secure(asked) else 1
    versions = [net.version for text in asked["cidrs"] if (net := _network(text))]
    needed = max((versions.count(version) for version in (4, 6)), default=0) * listeners
    if needed > _GROUP_RULES:
        yield (
            f"app_rollout: app_rollout_inbound_cidrs makes {needed} rules in the security group of"
            " the load balancer (one per CIDR block and listener). The default quota is"
            f" {_GROUP_RULES}; CIDR blocks without a rule have no access. Merge CIDR blocks, or"
            " request a higher quota (Service Quotas: Inbound or outbound rules per security"
            " group)."
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
            "app_rollout: app_rollout_ingress is true, and app_rollout_host is empty. Other web"
            " pages could misuse a load balancer that accepts every host name. Set"
            " app_rollout_host to the host name of the application."
        )
    elif not _HOST.fullmatch(host) or len(host) > 253:
        yield (
            f"app_rollout: app_rollout_host is '{host}'. Give one host name in lower case, such as"
            " rag.example.com, without scheme, port or wildcard."
        )


def secure(asked: Mapping[str, Any]) -> bool:
    """Whether there is a certificate, or one is requested."""
    return bool(asked["certificate"] or asked["zone"])


def _zone(asked: Mapping[str, Any]) -> Iterator[str]:
    zone, host = asked["zone"], asked["host"]
    if not zone:
        return
    if not host:
        yield (
            f"app_rollout: app_rollout_hosted_zone is '{zone}', and app_rollout_host is empty. Set"
            " app_rollout_host to the name of the record in this zone."
        )
        return
    if asked["over"]:
        yield (
            f"app_rollout: app_rollout_values.ingress has {', '.join(asked['over'])}, and"
            " app_rollout_hosted_zone is set. Record and certificate follow the inputs, not these"
            " values. Use app_rollout_host, app_rollout_ingress and app_rollout_certificate_arn."
        )
    if not asked["certificate"] and len(host) > _LONGEST:
        yield (
            f"app_rollout: app_rollout_host has {len(host)} characters. ACM issues certificates"
            f" for names of at most {_LONGEST} characters. Choose a shorter name, or set"
            " app_rollout_certificate_arn."
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
            f"app_rollout: app_rollout_host {host} is not in app_rollout_hosted_zone {zone}. Give"
            " the hosted zone that contains the host."
        )


def _internet(asked: Mapping[str, Any]) -> Iterator[str]:
    if not secure(asked):
        yield (
            "app_rollout: app_rollout_scheme is internet-facing, and app_rollout_certificate_arn"
            " is empty. Documents and questions would cross the internet unencrypted. Give the ARN"
            " of an ACM certificate, or set app_rollout_hosted_zone to request one, or set"
            " app_rollout_scheme to internal."
        )
    if asked["sign_in"].get("provider") or asked["signed_in_by_values"]:
        return
    if not asked["cidrs"]:
        yield (
            "app_rollout: app_rollout_scheme is internet-facing, and everybody could use the"
            f" application, because it has no sign-in: {_ANYBODY}."
        )
    wide = [text for text in asked["cidrs"] if (net := _network(text)) and net.prefixlen < _WIDEST]
    if wide:
        yield (
            f"app_rollout: app_rollout_inbound_cidrs has {', '.join(wide)}, which allows"
            f" everybody: {_ANYBODY}."
        )


def _ranges(cidrs: list[Any]) -> Iterator[str]:
    for text in cidrs:
        if _network(text) is None:
            yield (
                f"app_rollout: app_rollout_inbound_cidrs has '{text}', which is not a CIDR block."
                " Write a single address as 203.0.113.7/32."
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
            yield (
                "app_rollout: app_rollout_sign_in has no provider. Set provider to oidc or cognito."
            )
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
    if not secure(asked):
        yield (
            "app_rollout: app_rollout_sign_in needs app_rollout_certificate_arn or"
            " app_rollout_hosted_zone, because a load balancer supports sign-in with HTTPS only."
        )


def _certificate(arn: str, region: str) -> Iterator[str]:
    if not arn:
        return
    found = _CERTIFICATE.fullmatch(arn)
    if found is None:
        yield (
            f"app_rollout: app_rollout_certificate_arn is '{arn}', which is not the ARN of an ACM"
            " certificate (arn:<partition>:acm:<region>:<account>:certificate/<id>)."
        )
    elif found[1] != region:
        yield (
            f"app_rollout: app_rollout_certificate_arn is one of {found[1]}, but a load balancer"
            f" needs a certificate of its own region, {region}. Request a certificate there."
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
            f"app_rollout: app_rollout_values.ingress.annotations has {', '.join(found)}. These"
            " settings have their own inputs, which are checked before anything changes. Use"
            " app_rollout_scheme, app_rollout_inbound_cidrs, app_rollout_sign_in and"
            " app_rollout_certificate_arn."
        )
