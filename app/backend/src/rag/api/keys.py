"""Keys, and who one is."""

from typing import Annotated

from fastapi import APIRouter, Path

from rag.access.schemas import CreatedKey, KeyPage, Me, NewKey
from rag.api.deps import Caller, Cursor, Limit, State
from rag.api.problems import problems

router = APIRouter(prefix="/v1", tags=["access"])

KeyId = Annotated[str, Path(pattern=r"^[0-9a-f]{1,64}$", description="id of a key")]


@router.get("/me", responses=problems(422, 503))
async def get_me(caller: Caller, state: State) -> Me:
    """Show who sends the request, and what they may do."""
    named = caller.scope.collections
    return Me(
        auth=state.access.mode,
        id=caller.id,
        name=caller.name,
        tenant=caller.scope.tenant,
        role=caller.role,
        collections=list(named) if named is not None else None,
    )


@router.post("/keys", status_code=201, responses=problems(403, 422, 503))
async def create_key(wanted: NewKey, caller: Caller, state: State) -> CreatedKey:
    """Make a key. The answer has its text, which nobody is shown again."""
    return await state.keys.create(caller, wanted)


@router.get("/keys", responses=problems(403, 422, 503))
async def list_keys(
    caller: Caller, state: State, cursor: Cursor = None, limit: Limit = 50
) -> KeyPage:
    """List the tenant's keys, the newest first, with those that have ended."""
    return await state.keys.page(caller.scope, cursor, limit)


@router.delete("/keys/{key_id}", status_code=204, responses=problems(403, 404, 422, 503))
async def revoke_key(key_id: KeyId, caller: Caller, state: State) -> None:
    """End a key. It stays in the list."""
    await state.keys.revoke(caller.scope, key_id)
