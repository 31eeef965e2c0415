"""Verdicts in PostgreSQL."""

import secrets

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag import cursor
from rag.access.scope import Principal
from rag.adapters import postgres
from rag.feedback.schemas import Feedback, FeedbackPage, NewFeedback
from rag.tables import feedback

_SORT = "-created"


class FeedbackRepository:
    """All errors are DependencyError('postgres')."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, principal: Principal, given: NewFeedback) -> Feedback:
        """Note what somebody thinks of an answer."""
        values = given.model_dump() | {
            "id": secrets.token_hex(8),
            "tenant": principal.scope.tenant,
            "created_by": principal.id,
        }
        async with postgres.transaction(self._engine) as connection:
            made = await connection.execute(insert(feedback).values(**values).returning(feedback))
            return Feedback.model_validate(made.one())

    async def page(self, tenant: str, after: str | None, limit: int) -> FeedbackPage:
        """A tenant's, the newest first. Raises InvalidRequestError for a wrong cursor."""
        made = feedback.c.created_at
        query = (
            select(feedback)
            .where(feedback.c.tenant == tenant)
            .order_by(made.desc(), feedback.c.id.desc())
            .limit(limit + 1)
        )
        if after:
            query = query.where(cursor.beyond(_SORT, after, made, feedback.c.id))
        async with postgres.transaction(self._engine) as connection:
            rows = (await connection.execute(query)).all()
        last = rows[limit - 1] if len(rows) > limit else None
        return FeedbackPage(
            items=[Feedback.model_validate(row) for row in rows[:limit]],
            next_cursor=cursor.encode(_SORT, last.created_at, last.id) if last else None,
        )
