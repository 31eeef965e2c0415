"""Where this service may fetch a stranger's URL from: hosts, ports, and above all addresses."""

from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Self
from urllib.parse import urlsplit

from yarl import URL

from rag.errors import RefusedUrlError

LONGEST_URL = 2048
_Address = IPv4Address | IPv6Address
_NAT64 = IPv6Network("64:ff9b::/96")
# Whoever lists a network does not mean these: they give away the credentials of the machine.
_NEVER = tuple(
    map(
        ip_network,
        (
            *("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32"),
            *("168.63.129.16/32", "100.100.100.200/32"),
            *("0.0.0.0/8", "224.0.0.0/4", "255.255.255.255/32", "::/128", "ff00::/8"),
        ),
    )
)
# Tunnels that hold another address, and what Python takes for public beside them.
_NOT_PUBLIC = tuple(
    map(
        ip_network,
        (
            "2002::/16",
            "2001::/32",
            "64:ff9b:1::/48",
            "192.88.99.0/24",
            "192.0.0.0/24",
            "::/96",
            "fec0::/10",
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Policy:
    """names: hosts, also as `*.example.com`; networks: that may be reached, public or not.

    Without either every public address may be reached. plain: whether http is allowed.
    """

    names: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    ports: tuple[int, ...] = (80, 443)
    plain: bool = False

    @classmethod
    def of(cls, hosts: str, ports: str, *, plain: bool) -> Self:
        """The policy of settings: lists with commas. Raises ValueError."""
        names, networks = [], []
        for each in filter(None, (item.strip().lower() for item in hosts.split(","))):
            try:
                networks.append(str(ip_network(each)))
            except ValueError:
                if "/" in each or ":" in each or not each.removeprefix("*.").isascii():
                    raise ValueError(f"{each!r} is no host and no network") from None
                names.append(each)
        try:
            numbers = tuple(int(each) for each in ports.split(",") if each.strip())
        except ValueError:
            raise ValueError("ports must be numbers with commas") from None
        if not numbers or not all(0 < each < 65536 for each in numbers):
            raise ValueError("ports must be numbers from 1 to 65535")
        return cls(tuple(names), tuple(networks), numbers, plain)

    def checked(self, text: str) -> URL:
        """A URL that may be tried, as it is connected to. Raises RefusedUrlError.

        What its host's name stands for is only known when it is connected to.
        """
        if len(text) > LONGEST_URL or any(c.isspace() or not c.isprintable() for c in text):
            raise RefusedUrlError(f"a URL has up to {LONGEST_URL} characters, and no spaces")
        try:
            # Both must read it: one that they understand in different ways is not worth a try.
            url, parts = URL(text), urlsplit(text)
            host, port = url.host, url.port
            same = (parts.hostname or "") and parts.port == url.explicit_port
        except (ValueError, TypeError):
            same, host, port = False, None, None
        if not (same and host and "\\" not in text):
            raise RefusedUrlError("it is not a URL like https://host/path")
        schemes = ("https", "http") if self.plain else ("https",)
        if url.scheme not in schemes:
            raise RefusedUrlError(f"only {' and '.join(schemes)} may be fetched")
        if "@" in (parts.netloc or "") or url.user is not None or url.password is not None:
            raise RefusedUrlError("a URL must hold no user and no password")
        if port not in self.ports:
            raise RefusedUrlError(f"only the ports {', '.join(map(str, self.ports))} may be used")
        if not (self.is_named(host) or self.networks):
            raise RefusedUrlError("the host is not among those that may be fetched from")
        return url.with_fragment(None)

    def is_named(self, host: str) -> bool:
        """Whether a host may be reached at any public address."""
        if not self.names and not self.networks:
            return True
        host = host.lower().rstrip(".")
        return any(
            host.endswith(each[1:]) if each.startswith("*.") else host == each
            for each in self.names
        )

    def permits(self, address: str, *, named: bool) -> bool:
        """Whether an address may be connected to; named: whether its host's name is listed."""
        try:
            found = _meant(ip_address(address.partition("%")[0]))
        except ValueError:
            return False
        if any(found in network for network in _NEVER):
            return False
        if any(found in ip_network(network) for network in self.networks):
            return True
        return named and _is_public(found)


def _meant(address: _Address) -> _Address:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_public(address: _Address) -> bool:
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    tunnel = any(address in network for network in _NOT_PUBLIC)
    return address.is_global and not (special or tunnel)
