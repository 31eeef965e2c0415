"""Fetches strangers' URLs: only from addresses that the policy permits, and within bounds.

The check stands where a socket is made for an address, so whatever a name stood for a moment ago,
and however an address is written, what is connected to is what was checked.
"""

import asyncio
import socket
import ssl
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from rag.adapters.addresses import Policy
from rag.errors import OriginError, OriginRefusedError, RefusedUrlError, TooLargeError

_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 5
_CONNECT_SECONDS = 10
_SILENT_SECONDS = 20
_PIECE = 1 << 16
_AGENT = "rag-import"
_PASSING = (408, 425, 429)
"""Statuses below 500 that a later try may not meet."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file. url: where it was found at last; disposition: the header that may name it."""

    body: bytes
    content_type: str
    disposition: str
    url: URL


class _RefusedAddressError(OSError):
    """An address that the policy does not permit."""


class Web:
    """Fetches one URL at a time with a connection of its own: no cookies, no proxy, no state."""

    def __init__(
        self,
        policy: Policy,
        *,
        seconds: float,
        context: ssl.SSLContext,
        resolver: AbstractResolver | None = None,
    ) -> None:
        """seconds: for a file; context: whom https trusts; resolver: the system's by default."""
        self._policy = policy
        self._seconds = seconds
        self._context = context
        self._resolver = resolver

    async def fetch(self, url: str, most: int) -> Fetched:
        """The file at a URL, of at most so many bytes.

        Raises RefusedUrlError, OriginRefusedError and TooLargeError, which stay, and OriginError.
        """
        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(url, most)
        except TimeoutError:
            raise OriginError(f"the server took more than {self._seconds:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            if _is_refusal(error):
                raise _refused() from None
            raise OriginError(f"the server cannot be reached ({type(error).__name__})") from None

    async def _follow(self, url: str, most: int) -> Fetched:
        for _hop in range(_MOST_REDIRECTS + 1):
            target = self._policy.checked(url)
            async with self._get(target) as response:
                if response.status in _REDIRECTS:
                    location = response.headers.get("location", "")
                    url = _joined(target, location)
                    continue
                _check(response.status)
                return Fetched(
                    await _body(response, most),
                    response.headers.get("content-type", ""),
                    response.headers.get("content-disposition", ""),
                    target,
                )
        raise OriginRefusedError(f"more than {_MOST_REDIRECTS} redirects")

    @asynccontextmanager
    async def _get(self, url: URL) -> AsyncIterator[aiohttp.ClientResponse]:
        named = self._policy.is_named(url.host or "")
        connector = aiohttp.TCPConnector(
            resolver=self._resolver,
            use_dns_cache=False,
            force_close=True,
            ssl=self._context,
            socket_factory=partial(self._socket, named),
        )
        session = aiohttp.ClientSession(
            connector=connector,
            # The resolver may serve others, too.
            connector_owner=True,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(
                total=None, connect=_CONNECT_SECONDS, sock_read=_SILENT_SECONDS
            ),
            headers={"user-agent": _AGENT, "accept-encoding": "gzip, identity"},
        )
        async with session, session.get(url, allow_redirects=False) as response:
            yield response

    def _socket(self, named: bool, target: tuple[object, ...]) -> socket.socket:
        """A socket for an address, as it is about to be connected to."""
        # aiohttp hands on what getaddrinfo returned, whose types leave the kind of address open.
        family, kind, protocol, _name, place = target
        address = str(place[0])  # type: ignore[index]
        if not self._policy.permits(address, named=named):
            raise _RefusedAddressError
        return socket.socket(family, kind, protocol)  # type: ignore[arg-type]


def _is_refusal(error: BaseException) -> bool:
    """Whether an address was refused; the library wraps what a socket's maker raises."""
    found = getattr(error, "os_error", None) or error
    return isinstance(found, _RefusedAddressError) or (
        # What it refuses by itself: addresses in a form of old, such as 2130706433.
        isinstance(error, aiohttp.InvalidURL)
    )


def _refused() -> RefusedUrlError:
    # Not which address: nobody is told what names stand for inside.
    return RefusedUrlError("the host is at no address that may be fetched from")


def _joined(target: URL, location: str) -> str:
    try:
        return str(target.join(URL(location))) if location else _nowhere()
    except (ValueError, TypeError):
        return _nowhere()


def _nowhere() -> str:
    raise OriginRefusedError("the server redirects to no URL")


def _check(status: int) -> None:
    if status == 200:
        return
    if status >= 500 or status in _PASSING:
        raise OriginError(f"the server answered with {status}")
    raise OriginRefusedError(f"the server answered with {status}")


async def _body(response: aiohttp.ClientResponse, most: int) -> bytes:
    """The body, unpacked, and never more of it in memory than may be."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip", "deflate", ""):
        raise OriginRefusedError("the server packs the file in a way that was not asked for")
    if encoding in ("identity", "") and (response.content_length or 0) > most:
        raise _too_large(most)
    unpack = _unpacker(encoding)
    body = bytearray()
    async for piece in response.content.iter_chunked(_PIECE):
        if unpack is None:
            body += piece
        else:
            _unpack(unpack, piece, body, most)
        if len(body) > most:
            raise _too_large(most)
    if unpack and not unpack.eof:
        raise OriginError("the file broke off")
    return bytes(body)


def _unpacker(encoding: str) -> "zlib._Decompress | None":
    if encoding in ("identity", ""):
        return None
    # 32: gzip or zlib, as its first bytes say.
    return zlib.decompressobj(32 + zlib.MAX_WBITS)


def _unpack(unpack: "zlib._Decompress", piece: bytes, body: bytearray, most: int) -> None:
    try:
        while piece and len(body) <= most:
            body += unpack.decompress(piece, most + 1 - len(body))
            piece = unpack.unconsumed_tail
    except zlib.error:
        raise OriginRefusedError("the file is packed wrongly") from None


def _too_large(most: int) -> TooLargeError:
    return TooLargeError(f"a document may have {most} bytes")
