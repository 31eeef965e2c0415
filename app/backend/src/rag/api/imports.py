"""Imports: have files fetched instead of sending them."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from rag.api.deps import Caller, Cursor, Limit, State
from rag.api.problems import problems
from rag.imports.schemas import Import, Imported, ImportPage, ImportRequest

router = APIRouter(prefix="/v1/imports", tags=["imports"])

ImportId = Annotated[str, Path(pattern=r"^[0-9a-f]{1,64}$", description="id of an import")]
_PROBLEMS = problems(404, 422, 503)


@router.post("", status_code=202, responses=problems(403, 422, 503))
async def begin_import(
    body: ImportRequest, caller: Caller, state: State, response: Response
) -> Imported:
    """Fetch files by their URLs, or those of a bucket whose keys begin with a prefix."""
    await state.admission.check()
    begun = await state.imports.begin(caller, body)
    response.headers["location"] = f"/v1/imports/{begun.id}"
    return begun


@router.get("", responses=problems(422, 503))
async def list_imports(
    caller: Caller, state: State, cursor: Cursor = None, limit: Limit = 50
) -> ImportPage:
    """List imports, the newest first."""
    return await state.imports.page(caller.scope, cursor, limit)


@router.get("/{import_id}", responses=_PROBLEMS)
async def get_import(import_id: ImportId, caller: Caller, state: State) -> Import:
    """Show an import, with how many of its files are in which state."""
    return await state.imports.get(caller.scope, import_id)


@router.post("/{import_id}/cancel", responses=_PROBLEMS)
async def cancel_import(import_id: ImportId, caller: Caller, state: State) -> Import:
    """End what waits or runs of an import; documents that are there already stay."""
    return await state.imports.cancel(caller.scope, import_id)
