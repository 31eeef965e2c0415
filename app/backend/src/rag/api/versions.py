"""Versions of documents: replace the file in place, and read what was there before."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect

from rag.api.deps import NO_NUL, Caller, Documents, State
from rag.api.documents import DocumentId
from rag.api.forms import form_of, length_of
from rag.api.prefer import wait_of
from rag.api.problems import problems
from rag.api.uploads import LOCATION, PREFER, told
from rag.documents.schemas import Document, DocumentVersions, Upload
from rag.errors import InvalidRequestError

router = APIRouter(prefix="/v1/documents", tags=["documents"])

_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {"type": "string", "contentMediaType": "application/octet-stream"}
                },
            }
        }
    },
}


@router.put(
    "/{document_id}/content",
    status_code=202,
    response_model=Upload,
    openapi_extra={"requestBody": _BODY, "parameters": [PREFER]},
    responses={
        202: {
            "description": "The file is safe; the old one counts until a job has read the new one.",
            "headers": LOCATION,
        },
        200: {"model": Document, "description": "The document has this content already."},
        201: {"model": Document, "description": "With `Prefer: wait`: the new version counts."},
        **problems(400, 404, 409, 412, 413, 415, 422, 503),
    },
)
async def replace_content(
    request: Request,
    document_id: DocumentId,
    service: Documents,
    caller: Caller,
    state: State,
    if_match: Annotated[
        str | None,
        Header(max_length=1000, pattern=NO_NUL, description="`ETag` of the file to be replaced"),
    ] = None,
) -> Response:
    """Give a document a new version: its id stays, and so do citations of the old one."""
    await state.admission.check()
    try:
        with state.admission.receive(length_of(request, state.settings.max_upload_bytes)):
            form = await form_of(request, 1)
            try:
                file = form.get("file")
                if not isinstance(file, UploadFile):
                    raise InvalidRequestError("body.file: a multipart part with a file is missing")
                accepted = await state.replacing.accept(
                    caller.scope,
                    document_id,
                    file.filename or "",
                    file.content_type or "",
                    await file.read(),
                    if_match,
                )
            finally:
                await form.close()
    except ClientDisconnect:
        return Response(status_code=499)
    return await told(service, caller.scope, accepted, wait_of(request))


@router.get("/{document_id}/versions", responses=problems(404, 422, 503))
async def list_versions(document_id: DocumentId, caller: Caller, state: State) -> DocumentVersions:
    """List the versions of a document that are known, the newest first."""
    return DocumentVersions(items=await state.replacing.listed(caller.scope, document_id))
