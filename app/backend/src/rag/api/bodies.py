"""How much of a request's body is read."""

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

_UPLOADS = "/v1/documents"


def takes_files(method: str, path: str) -> bool:
    """Whether a request brings documents."""
    replaces = method == "PUT" and path.startswith(f"{_UPLOADS}/") and path.endswith("/content")
    return path == _UPLOADS or replaces


def limited(receive: Receive, most: int, detail: str) -> Receive:
    """Reads a body of up to so many bytes, whatever length it has claimed.

    Beyond it, whoever reads gets an HTTPException with status 413 and the detail.
    """
    read = 0

    async def counted() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > most:
            raise HTTPException(413, detail)
        return message

    return counted
