"""POST, GET and DELETE of /v1/documents."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response, UploadFile

from rag.api.deps import Documents
from rag.api.problems import PROBLEM_RESPONSE
from rag.documents.schemas import Document

router = APIRouter(prefix="/v1/documents", tags=["documents"])

DocumentId = Annotated[str, Path(pattern=r"^[0-9a-f]{1,64}$", description="id of a document")]


@router.post(
    "",
    status_code=201,
    response_model=Document,
    responses={
        200: {"model": Document, "description": "This content was here already; nothing changed."},
        **dict.fromkeys((400, 413, 415, 422, 503), PROBLEM_RESPONSE),
    },
)
async def upload_document(
    file: UploadFile, service: Documents, request: Request, response: Response
) -> Document | Response:
    """Take in a document; it can be asked about on return."""
    name, declared = file.filename or "", file.content_type or ""
    adding = asyncio.create_task(service.add(name, declared, await file.read()))
    leaving = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait((adding, leaving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaving.cancel()
        if not adding.done():
            # Nobody hears that it was taken in, so it is not: what was done of it is undone.
            adding.cancel()
            await asyncio.wait((adding,))
    if adding.cancelled():
        return Response(status_code=499)
    document, created = await adding
    response.status_code = 201 if created else 200
    response.headers["location"] = f"/v1/documents/{document.id}"
    return document


async def _gone(request: Request) -> None:
    """Return when the client has closed the connection; its request was read before."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


@router.get("/{document_id}", responses={404: PROBLEM_RESPONSE, 503: PROBLEM_RESPONSE})
async def get_document(document_id: DocumentId, service: Documents) -> Document:
    """Show a document and its status."""
    return await service.get(document_id)


@router.delete(
    "/{document_id}",
    status_code=204,
    responses={404: PROBLEM_RESPONSE, 503: PROBLEM_RESPONSE},
)
async def delete_document(document_id: DocumentId, service: Documents) -> None:
    """Delete a document: its file, its text and its vectors."""
    await service.remove(document_id)
