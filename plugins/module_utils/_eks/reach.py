# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Whether the API server can be reached and lets the caller in; if not, why, within seconds."""

from __future__ import annotations

import base64
import contextlib
import http.client
import ipaddress
import json
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

CONNECT = 5.0
"""Seconds for a connection, and for an answer."""

WAYS = (
    "Set platform_access to tunnel (through the bastion by SSM), or to public with the public"
    " addresses of your network. If you run in a network that is connected to the VPC, set it to"
    " private."
)


class ReachError(Exception):
    """There is no way in. cause: dns, route, tls, credentials or server."""

    def __init__(self, cause: str, message: str) -> None:
        super().__init__(message)
        self.cause = cause


@dataclass(frozen=True)
class Door:
    """What a connection to the API server takes.

    Args:
        endpoint: URL by which the server is known, and which its certificate names.
        address: (host, port) to connect to: those of the endpoint, or a tunnel's.
        authority: CA of the server, PEM in base64; empty: the machine's own CAs.
        settings: resourcesVpcConfig of the cluster.
    """

    endpoint: str
    address: tuple[str, int]
    authority: str
    settings: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Return the host that the certificate is for."""
        return urlsplit(self.endpoint).hostname or ""

    @property
    def tunnelled(self) -> bool:
        """Whether the connection leads through a tunnel."""
        return self.address[0] != self.name


def await_reachable(door: Door, bearer: Callable[[], str], timeout: float) -> None:
    """Return when the API server answers the caller.

    A new cluster's name, and a new access entry, are known everywhere a few seconds later.

    Raises:
        ReachError: it didn't until the time was up.
    """
    end = time.monotonic() + timeout
    while True:
        try:
            ask(door, bearer())
        except ReachError:
            if time.monotonic() >= end:
                raise
            time.sleep(1)
        else:
            return


def ask(door: Door, bearer: str) -> None:
    """Ask the API server for its version as the caller.

    Raises:
        ReachError: says at which step it failed, and what to do.
    """
    addresses = _resolve(door)
    with contextlib.closing(_connect(door, addresses)) as raw:
        try:
            with _context(door).wrap_socket(raw, server_hostname=door.name) as wrapped:
                status, text = _version(door, wrapped, bearer)
        except (ssl.SSLError, ConnectionError, TimeoutError) as error:
            raise ReachError("tls", _tls(door, error)) from error
    if status != 200:
        raise ReachError(*_refused(door, status, text))


def _resolve(door: Door) -> list[str]:
    host, port = door.address
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ReachError(
            "dns",
            f"The name {host} of the API server cannot be resolved here ({error}). If the cluster"
            " is a few minutes old, run again. Otherwise configure a DNS resolver for public names"
            " on this machine.",
        ) from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _connect(door: Door, addresses: list[str]) -> socket.socket:
    try:
        return socket.create_connection(door.address, timeout=CONNECT)
    except OSError as error:
        raise ReachError("route", _route(door, addresses, error)) from error


def _route(door: Door, addresses: list[str], error: OSError) -> str:
    told = ", ".join(addresses)
    if door.tunnelled:
        return (
            f"The tunnel to {door.name} does not answer at port {door.address[1]} of this machine"
            f" ({error}). Run again, so that a new tunnel is opened."
        )
    if not any(ipaddress.ip_address(each.partition("%")[0]).is_global for each in addresses):
        return (
            f"The API server {door.name} does not answer from here ({error}). Its name resolves to"
            f" the private addresses {told}. Either there is no route to them, or the security"
            f" group of the control plane does not admit you on port 443. {WAYS}"
        )
    admitted = ", ".join(door.settings.get("publicAccessCidrs") or []) or "nobody"
    return (
        f"The API server {door.name} ({told}) does not answer from here ({error}). Its public"
        f" endpoint admits {admitted}; {_own_address(addresses[0])}. Add the public address of"
        " your network to platform_access_cidr_blocks (or eks_allowed_cidr_blocks) and run the"
        f" component eks. {WAYS}"
    )


def _own_address(peer: str) -> str:
    """Say by which address this machine goes there, as far as it knows itself."""
    family = socket.AF_INET6 if ":" in peer else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((peer, 443))  # sends nothing: the kernel chooses the route
        except OSError:
            return "this machine has no route there"
        own = str(probe.getsockname()[0])
    if ipaddress.ip_address(own).is_global:
        return f"your address is {own}"
    return (
        f"this machine has the address {own} behind NAT, so ask your network administrator or your"
        " router for the public address"
    )


def _context(door: Door) -> ssl.SSLContext:
    if not door.authority:
        return ssl.create_default_context()
    context = ssl.create_default_context(cadata=base64.b64decode(door.authority).decode())
    # EKS's certificates name no key of their issuer, which Python 3.13 would refuse.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _tls(door: Door, error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"The server at {door.name} has no certificate from the CA of the cluster"
            f" ({error.verify_message}). A proxy that intercepts TLS is probably in between."
            " Exclude the API server from the proxy, or run the playbooks in another network."
        )
    if door.tunnelled:
        return (
            f"The tunnel to {door.name} is open, but the connection ends without an answer"
            f" ({error}). The bastion cannot reach the API server on port 443. Run the components"
            " network and bastion, which create the security group rules for it."
        )
    return (
        f"The connection to {door.name} ended before TLS was established ({error}). A firewall or"
        f" proxy in between probably blocks it. {WAYS}"
    )


def _version(door: Door, connection: ssl.SSLSocket, bearer: str) -> tuple[int, str]:
    asking = http.client.HTTPConnection(door.name, timeout=CONNECT)
    asking.sock = connection
    headers = {"Authorization": f"Bearer {bearer}", "Connection": "close"}
    try:
        asking.request("GET", "/version", headers=headers)
        answer = asking.getresponse()
        return answer.status, answer.read(65536).decode(errors="replace")
    except http.client.HTTPException as error:
        raise ReachError(
            "server", f"The server at {door.name} is not an API server: {error!r}."
        ) from error


def _refused(door: Door, status: int, text: str) -> tuple[str, str]:
    with contextlib.suppress(ValueError, KeyError, TypeError):  # no Status: told as it is
        text = str(json.loads(text)["message"])
    said = f"The API server {door.name} answers {status}: {' '.join(text.split())[:300]}."
    if status in (401, 403):
        return "credentials", (
            f"{said} The IAM principal of the caller has no access entry in the cluster, or an"
            " entry without rights. Add the principal to eks_access_entries, and run the component"
            " eks with an identity that has access. Also check the clock of this machine."
        )
    return "server", f"{said} Run again when the API server is healthy."
