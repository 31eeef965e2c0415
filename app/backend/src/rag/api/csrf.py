"""Whether a request that came with a cookie was made by our own pages."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from rag.errors import ForbiddenError

_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})


def check(method: str, headers: Mapping[str, str], pages: str) -> None:
    """Refuse a change that another page asks for. pages: the URL of ours. Raises ForbiddenError.

    Browsers send `Sec-Fetch-Site` and `Origin` themselves, and no script can change them. A request
    with neither is no browser's; programs have keys.
    """
    if method in _HARMLESS:
        return
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    own = origin_of(pages)
    if (site is None or site == "same-origin") and origin == own:
        return
    if site == "same-origin" and origin is None:
        return
    raise ForbiddenError("with a cookie, only pages of this service may ask for changes")


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, as browsers write them in `Origin`."""
    parts = urlsplit(url)
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    host = parts.hostname or ""
    name = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, usual) else f":{parts.port}"
    return f"{parts.scheme}://{name}{port}"
