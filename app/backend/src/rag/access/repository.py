"""Keys in PostgreSQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag import cursor
from rag.access.schemas import Key, KeyPage
from rag.access.scope import Scope
from rag.adapters import postgres
from rag.tables import api_keys

_SORT = "-created"
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Kept:
    """A key as it is kept. digest: of its secret; stale: whether its use should be noted."""

    key: Key
    digest: bytes
    expired: bool
    stale: bool


class KeyRepository:
    """All errors are DependencyError('postgres'). Times are the database's: clocks differ."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, values: Mapping[str, Any]) -> Key:
        """Note a new key."""
        async with postgres.transaction(self._engine) as connection:
            made = await connection.execute(insert(api_keys).values(**values).returning(api_keys))
            return Key.model_validate(made.one())

    async def get(self, key_id: str) -> Kept | None:
        """A key by its id, or None."""
        used, until = api_keys.c.last_used_at, api_keys.c.expires_at
        query = select(
            api_keys,
            func.coalesce(until <= func.now(), False).label("expired"),
            or_(used.is_(None), used < func.now() - _MINUTE).label("stale"),
        ).where(api_keys.c.id == key_id)
        async with postgres.transaction(self._engine) as connection:
            row = (await connection.execute(query)).one_or_none()
        return Kept(Key.model_validate(row), row.digest, row.expired, row.stale) if row else None

    async def used(self, key_id: str) -> None:
        """Note that a key was used; a note that is not a minute old stays."""
        used = api_keys.c.last_used_at
        async with postgres.transaction(self._engine) as connection:
            await connection.execute(
                update(api_keys)
                .where(api_keys.c.id == key_id)
                .where(or_(used.is_(None), used < func.now() - _MINUTE))
                .values(last_used_at=func.now())
            )

    async def revoke(self, scope: Scope, key_id: str) -> datetime | None:
        """End a key within a scope; when it ended, or None where there is no such key."""
        ended = api_keys.c.revoked_at
        async with postgres.transaction(self._engine) as connection:
            done = await connection.execute(
                update(api_keys)
                .where(api_keys.c.id == key_id, _within(scope))
                .values(revoked_at=func.coalesce(ended, func.now()))
                .returning(ended)
            )
            row = done.one_or_none()
        return row.revoked_at if row else None

    async def page(self, scope: Scope, after: str | None, limit: int) -> KeyPage:
        """Keys within a scope, the newest first. Raises InvalidRequestError for a wrong cursor."""
        made = api_keys.c.created_at
        query = (
            select(api_keys)
            .where(_within(scope))
            .order_by(made.desc(), api_keys.c.id.desc())
            .limit(limit + 1)
        )
        if after:
            query = query.where(cursor.beyond(_SORT, after, made, api_keys.c.id))
        async with postgres.transaction(self._engine) as connection:
            rows = (await connection.execute(query)).all()
        last = rows[limit - 1] if len(rows) > limit else None
        return KeyPage(
            items=[Key.model_validate(row) for row in rows[:limit]],
            next_cursor=cursor.encode(_SORT, last.created_at, last.id) if last else None,
        )


def _within(scope: Scope) -> ColumnElement[bool]:
    """Keys that reach nothing beyond a scope."""
    own = api_keys.c.tenant == scope.tenant
    if scope.collections is None:
        return own
    return and_(own, api_keys.c.collections.contained_by(list(scope.collections)))
