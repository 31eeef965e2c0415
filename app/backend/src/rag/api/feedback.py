"""POST and GET /v1/feedback."""

from fastapi import APIRouter

from rag.api.deps import Caller, Cursor, Limit, State
from rag.api.problems import problems
from rag.feedback.schemas import Feedback, FeedbackPage, NewFeedback

router = APIRouter(prefix="/v1/feedback", tags=["feedback"])


@router.post("", status_code=201, responses=problems(422, 503))
async def give_feedback(given: NewFeedback, caller: Caller, state: State) -> Feedback:
    """Say what an answer is worth. Question and answer are kept only if they are sent."""
    return await state.feedback.add(caller, given)


@router.get("", responses=problems(422, 503))
async def list_feedback(
    caller: Caller, state: State, cursor: Cursor = None, limit: Limit = 50
) -> FeedbackPage:
    """List what people of the tenant think of answers, the newest first."""
    return await state.feedback.page(caller.scope.tenant, cursor, limit)
