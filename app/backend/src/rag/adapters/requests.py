"""Sessions of the library requests that trust whom the other clients trust."""

from typing import Any

from requests import Session
from requests.adapters import HTTPAdapter

from rag.tls import client_context


class _Trusting(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        """Prepare connections; the authorities that the library brings count, too."""
        super().init_poolmanager(*args, **more, ssl_context=client_context())


def trusting_session() -> Session:
    """A session that trusts the system's certificates and those of SSL_CERT_FILE."""
    session = Session()
    session.mount("https://", _Trusting())
    return session
