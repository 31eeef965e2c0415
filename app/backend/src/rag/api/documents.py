"""Documents: list, show, download, read again and delete."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import StreamingResponse

from rag.access.scope import NAME
from rag.api.deps import NO_NUL, Caller, Cursor, Documents, Limit, State
from rag.api.problems import problems
from rag.documents.schemas import (
    Change,
    ChunkPage,
    Document,
    DocumentPage,
    Ids,
    Outcomes,
    Queued,
    Reindexing,
    Sort,
    Status,
)
from rag.errors import InvalidRequestError
from rag.jobs.schemas import Job

router = APIRouter(prefix="/v1/documents", tags=["documents"])

DocumentId = Annotated[str, Path(pattern=r"^[0-9a-f]{1,64}$", description="id of a document")]
_PROBLEMS = problems(404, 422, 503)
_LIST_PROBLEMS = problems(403, 422, 503)


@router.get("", responses=_LIST_PROBLEMS)
async def list_documents(
    service: Documents,
    caller: Caller,
    status: Status | None = None,
    name: Annotated[
        str | None, Query(max_length=255, pattern=NO_NUL, description="a part of the file's name")
    ] = None,
    type: Annotated[
        str | None,
        Query(max_length=100, pattern=NO_NUL, description="a format (`PDF`) or a media type"),
    ] = None,
    collection: Annotated[
        list[Annotated[str, Query(pattern=NAME)]],
        Query(max_length=50, description="only of this collection, or of one of several"),
    ] = [],  # noqa: B006 - FastAPI copies it
    language: Annotated[
        str | None,
        Query(pattern=r"^[A-Za-z]{2,8}$", description="most of the text is in it (BCP 47: `de`)"),
    ] = None,
    metadata: Annotated[
        list[Annotated[str, Query(max_length=600, pattern=NO_NUL)]],
        Query(max_length=10, description="`name:value`; all of several must hold"),
    ] = [],  # noqa: B006 - FastAPI copies it
    sort: Sort = "-created",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> DocumentPage:
    """List documents, a page at a time."""
    return await service.page(
        caller.scope.narrowed(collection),
        status=status,
        name=name,
        kind=type,
        language=language,
        metadata=metadata,
        sort=sort,
        after=cursor,
        limit=limit,
    )


@router.post("/delete", responses=_LIST_PROBLEMS)
async def delete_documents(ids: Ids, service: Documents, caller: Caller) -> Outcomes:
    """Delete several documents; one that fails holds up no other."""
    return Outcomes(items=await service.remove_many(caller.scope, ids.ids))


@router.post("/reindex", status_code=202, responses=_LIST_PROBLEMS)
async def reindex_documents(which: Reindexing, service: Documents, caller: Caller) -> Queued:
    """Read several documents again, or all; they stay findable meanwhile."""
    if which.all == bool(which.ids):
        raise InvalidRequestError("body: give either ids, or all as true")
    if which.all:
        return Queued(queued=await service.reindex_all(caller.scope), items=[])
    items = await service.reindex_many(caller.scope, which.ids)
    return Queued(queued=sum(item.status == 202 for item in items), items=items)


@router.get("/{document_id}", responses=_PROBLEMS)
async def get_document(document_id: DocumentId, service: Documents, caller: Caller) -> Document:
    """Show a document and its status."""
    return await service.get(caller.scope, document_id)


@router.patch("/{document_id}", responses=_PROBLEMS)
async def change_document(
    document_id: DocumentId, change: Change, service: Documents, caller: Caller
) -> Document:
    """Rename a document, or replace its metadata."""
    return await service.change(caller.scope, document_id, change)


@router.delete("/{document_id}", status_code=204, responses=_PROBLEMS)
async def delete_document(document_id: DocumentId, service: Documents, caller: Caller) -> None:
    """Delete a document: its file, its text, its vectors and its job."""
    await service.remove(caller.scope, document_id)


@router.get(
    "/{document_id}/content",
    response_class=Response,
    responses={
        200: {"content": {"*/*": {}}, "description": "The file as it was, of its own type."},
        **problems(404, 410, 422, 503),
    },
)
async def get_content(document_id: DocumentId, service: Documents, caller: Caller) -> Response:
    """Download the file that was uploaded."""
    document, pieces = await service.content(caller.scope, document_id)
    headers = {
        # It is a stranger's: a browser saves it, and neither shows it nor guesses what it is.
        "content-disposition": f"attachment; filename*=UTF-8''{quote(document.filename, safe='')}",
        "content-security-policy": "default-src 'none'; sandbox",
        "x-content-type-options": "nosniff",
        "content-length": str(document.bytes),
        "cache-control": "private, no-cache",
        "etag": f'"{document.sha256}"',
    }
    return StreamingResponse(pieces, headers=headers, media_type=document.content_type)


@router.get("/{document_id}/chunks", responses=problems(404, 410, 422, 503))
async def list_chunks(
    document_id: DocumentId,
    service: Documents,
    caller: Caller,
    state: State,
    version: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="of a citation; else the current one")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ChunkPage:
    """List a document's chunks, in reading order."""
    if version is not None:
        return await state.replacing.passages(caller.scope, document_id, version, cursor, limit)
    return await service.passages(caller.scope, document_id, cursor, limit)


@router.post("/{document_id}/reindex", status_code=202, responses=problems(404, 409, 422, 503))
async def reindex_document(
    document_id: DocumentId, service: Documents, caller: Caller, response: Response
) -> Job:
    """Read the kept file again; the document stays findable meanwhile."""
    job = await service.reindex(caller.scope, document_id)
    response.headers["location"] = f"/v1/jobs/{job.id}"
    return job
