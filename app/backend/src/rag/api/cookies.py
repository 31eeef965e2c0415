"""The cookies of people's sessions."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from rag.settings import Settings

_LONGEST = 16 * 1024


@dataclass(frozen=True, slots=True)
class Cookies:
    """With https no other host, no subdomain and no page without it can set them (`__Host-`)."""

    secure: bool

    @property
    def session(self) -> str:
        """Name of the cookie with a session's secret text."""
        return self._named("rag-session")

    @property
    def binder(self) -> str:
        """Name of the cookie with the secret of a sign-in under way."""
        return self._named("rag-signin")

    def read(self, headers: Mapping[str, str], name: str) -> str | None:
        """The value of one of them."""
        text = headers.get("cookie", "")
        if len(text) > _LONGEST:
            return None
        for pair in text.split(";"):
            given, _equals, value = pair.strip().partition("=")
            if given == name:
                return value
        return None

    def write(self, response: Response, name: str, value: str, seconds: int) -> None:
        """Give one to the browser. Scripts cannot read it, and other sites' requests lack it."""
        response.set_cookie(
            name,
            value,
            max_age=seconds,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def drop(self, response: Response, name: str) -> None:
        """Take one away."""
        response.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="lax")

    def _named(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name


def cookies_of(settings: Settings) -> Cookies:
    """The cookies of a server whose pages are where `settings` says."""
    return Cookies(secure=str(settings.frontend_url).startswith("https:"))
