"""GET /v1/collections."""

from fastapi import APIRouter

from rag.api.deps import Caller, Documents
from rag.api.problems import problems
from rag.documents.schemas import Collections

router = APIRouter(prefix="/v1/collections", tags=["documents"])


@router.get("", responses=problems(422, 503))
async def list_collections(service: Documents, caller: Caller) -> Collections:
    """List the collections within reach that have documents."""
    return await service.collections(caller.scope)
