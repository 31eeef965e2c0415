"""Forms with files, as they are read: nothing of them touches a disk."""

from fastapi import Request
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect


async def form_of(request: Request, most: int) -> FormData:
    """The form of a request, with so many files at most. Raises HTTPException."""
    try:
        return await request.form(max_files=most, max_fields=20)
    except (HTTPException, ClientDisconnect):
        raise
    # Parsers of forms have errors of their own for what they know, and any other for the rest.
    except Exception as error:
        raise HTTPException(400, "There was an error parsing the body") from error


def length_of(request: Request, most: int) -> int:
    """Bytes that a request may bring into memory; `most` where it does not say."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isdigit() else most
