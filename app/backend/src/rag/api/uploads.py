"""POST /v1/documents: what is answered is safe, whatever happens after."""

import asyncio
import re
from collections.abc import Sequence
from typing import Any, TypeAlias

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.datastructures import FormData, UploadFile
from starlette.requests import ClientDisconnect

from rag.access.scope import NAME, Scope
from rag.api.deps import Caller, Documents, State
from rag.api.forms import form_of, length_of
from rag.api.prefer import wait_of
from rag.api.problems import problems
from rag.documents.intake import Accepted
from rag.documents.metadata import parsed
from rag.documents.schemas import Document, Upload, UploadItem, Uploads
from rag.documents.service import DocumentService
from rag.errors import InvalidRequestError, RagError
from rag.jobs.schemas import Reason

router = APIRouter(prefix="/v1/documents", tags=["documents"])

_NAME = re.compile(NAME)
_File: TypeAlias = tuple[str, Accepted | RagError]
"""A file's name, and what became of it."""
_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {
                        "type": "array",
                        "minItems": 1,
                        "items": {"type": "string", "contentMediaType": "application/octet-stream"},
                        "description": "one part or several, each a file",
                    },
                    "collection": {
                        "type": "string",
                        "pattern": NAME,
                        "description": "where new documents go, instead of to `default`",
                    },
                    "metadata": {
                        "type": "string",
                        "contentMediaType": "application/json",
                        "description": "an object of plain values, noted of each new document",
                    },
                },
            }
        }
    },
}
PREFER = {
    "name": "Prefer",
    "in": "header",
    "schema": {"type": "string"},
    "description": "`wait=N`: answer when the documents are ready, or after N seconds (RFC 7240)",
}
LOCATION = {"Location": {"schema": {"type": "string"}, "description": "of the job or document"}}


@router.post(
    "",
    status_code=202,
    response_model=Upload | Uploads,
    openapi_extra={"requestBody": _BODY, "parameters": [PREFER]},
    responses={
        202: {"description": "The file is safe, and a job reads it.", "headers": LOCATION},
        200: {"model": Upload | Uploads, "description": "This content is ready already."},
        207: {"model": Uploads, "description": "Some of several files were refused."},
        201: {"model": Document, "description": "With `Prefer: wait`: the document is ready."},
        **problems(400, 403, 409, 413, 415, 422, 503),
    },
)
async def upload_document(
    request: Request, service: Documents, caller: Caller, state: State
) -> Response:
    """Take in one file, or several; a job makes each of them ready."""
    # Nothing of the body was read so far.
    await state.admission.check()
    try:
        with state.admission.receive(length_of(request, state.settings.max_upload_bytes)):
            files = await _taken(request, service, caller.scope, state.settings.batch_files)
    except ClientDisconnect:
        return Response(status_code=499)
    wait = wait_of(request)
    if len(files) == 1:
        return await _one(service, caller.scope, files[0], wait)
    return await _several(service, files, wait)


async def _taken(
    request: Request, service: DocumentService, scope: Scope, most: int
) -> list[_File]:
    """Read the request and make its files safe; afterwards nothing of them is in memory."""
    taken: list[_File] = []
    form = await form_of(request, most)
    try:
        files = [part for part in form.getlist("file") if isinstance(part, UploadFile)]
        if not files:
            raise InvalidRequestError("body.file: a multipart part with a file is missing")
        noted = form.get("metadata", "{}")
        metadata = parsed(noted if isinstance(noted, str) else "")
        collection = scope.target(_collection(form))
        for file in files:
            name, declared = file.filename or "", file.content_type or ""
            try:
                body = await file.read()
                accepted = await service.accept(scope, collection, name, declared, body, metadata)
                taken.append((name, accepted))
            except RagError as error:
                taken.append((name, error))
            await file.close()
    finally:
        await form.close()
    return taken


def _collection(form: FormData) -> str | None:
    given = form.get("collection")
    if given is not None and not (isinstance(given, str) and _NAME.fullmatch(given)):
        raise InvalidRequestError(f"body.collection: must fit {NAME}")
    return given


async def _one(service: DocumentService, scope: Scope, file: _File, wait: int) -> Response:
    _name, accepted = file
    if isinstance(accepted, RagError):
        raise accepted
    return await told(service, scope, accepted, wait)


async def told(service: DocumentService, scope: Scope, accepted: Accepted, wait: int) -> Response:
    """The answer for a file, after so many seconds or when its document is ready."""
    if (job := accepted.job) is None:
        return answered(accepted.document, 200, f"/v1/documents/{accepted.document.id}", 0)
    if wait and (document := await service.finished(accepted, wait)):
        status = 201 if accepted.created else 200
        return answered(document, status, f"/v1/documents/{document.id}", wait)
    job = await service.job(scope, job.id) if wait else job
    body = Upload(**accepted.document.model_dump(), job=job)
    return answered(body, 202, f"/v1/jobs/{job.id}", wait)


async def _several(service: DocumentService, files: Sequence[_File], wait: int) -> Response:
    items = await asyncio.gather(*(_item(service, file, wait) for file in files))
    found = {item.status for item in items}
    status = 207 if max(found) >= 400 else 202 if 202 in found else 200
    return answered(Uploads(items=items), status, None, wait)


async def _item(service: DocumentService, file: _File, wait: int) -> UploadItem:
    name, accepted = file
    if isinstance(accepted, RagError):
        return _refused(name, accepted)
    job, document = accepted.job, accepted.document
    if job is None:
        return UploadItem(filename=name, status=200, document=document)
    try:
        if wait and (ready := await service.finished(accepted, wait)):
            status = 201 if accepted.created else 200
            return UploadItem(filename=name, status=status, document=ready)
    except RagError as error:
        return _refused(name, error)
    return UploadItem(filename=name, status=202, document=document, job=job)


def _refused(name: str, error: RagError) -> UploadItem:
    return UploadItem(filename=name, status=error.status, problem=Reason.of(error))


def answered(body: BaseModel, status: int, location: str | None, waited: int) -> JSONResponse:
    headers = {"location": location} if location else {}
    headers |= {"preference-applied": f"wait={waited}"} if waited else {}
    return JSONResponse(body.model_dump(mode="json"), status, headers)
