"""A service that reads pictures of text: Apache Tika, or any that speaks its own small protocol."""

import aiohttp

from rag.errors import DependencyError, UnreadableError
from rag.tls import client_context

_ACCEPT = "application/json, text/plain;q=0.5"
_PIECE = 1 << 16


class Ocr:
    """Sends a PDF, and takes what was read in it. All errors of the service are DependencyError."""

    def __init__(self, url: str, *, seconds: float, most: int) -> None:
        """url: of the service; seconds: for a document; most: bytes of an answer."""
        self._url = url
        self._seconds = seconds
        self._most = most

    async def read(self, body: bytes) -> bytes:
        """The service's answer, as ingest/readers/ocr.py takes it.

        Raises UnreadableError where the service refuses the file, DependencyError('ocr').
        """
        headers = {
            "content-type": "application/pdf",
            "accept": _ACCEPT,
            # What Tika needs to be told: there is no text to be found in any other way.
            "x-tika-pdfocrstrategy": "ocr_only",
        }
        timeout = aiohttp.ClientTimeout(total=self._seconds, connect=10)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
                session.put(
                    self._url,
                    data=body,
                    headers=headers,
                    allow_redirects=False,
                    ssl=client_context() if self._url.startswith("https") else True,
                ) as response,
            ):
                return await self._taken(response)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise DependencyError("ocr", f"no answer ({type(error).__name__})") from error

    async def _taken(self, response: aiohttp.ClientResponse) -> bytes:
        if response.status in (400, 413, 415, 422):
            raise UnreadableError("the document is a scan, and OCR does not read it")
        if response.status != 200:
            raise DependencyError("ocr", f"the service answered with {response.status}")
        answer = bytearray()
        async for piece in response.content.iter_chunked(_PIECE):
            answer += piece
            if len(answer) > self._most:
                raise UnreadableError("the document is a scan, and has more text than is taken")
        return bytes(answer)
