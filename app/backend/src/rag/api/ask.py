"""POST /v1/ask."""

from fastapi import APIRouter

from rag.api.deps import Asking
from rag.api.problems import PROBLEM_RESPONSE
from rag.ask.schemas import Answer, Question

router = APIRouter(prefix="/v1", tags=["ask"])


@router.post("/ask", responses=dict.fromkeys((400, 413, 422, 503), PROBLEM_RESPONSE))
async def ask(question: Question, service: Asking) -> Answer:
    """Answer a question from the documents, with citations; refuse what they do not carry."""
    return await service.ask(question.question)
