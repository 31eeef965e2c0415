"""Tell who sends a request, and make and end keys."""

from collections.abc import Callable, Sequence

import structlog
from cachetools import TTLCache

from rag.access import tokens
from rag.access.repository import Kept, KeyRepository
from rag.access.schemas import CreatedKey, Key, KeyPage, NewKey
from rag.access.scope import ANONYMOUS, DEFAULT, PLATFORM, Mode, Principal, Scope
from rag.errors import DependencyError, ForbiddenError, NotFoundError, UnauthorizedError

log = structlog.get_logger(__name__)

_KEEP_SECONDS = 2.0
"""How long a process goes on with what it knows of a key: a revoked one ends as late."""
_MOST_KEPT = 10_000


class Access:
    """Tells who sends a request, by its key."""

    def __init__(
        self, repository: KeyRepository, mode: Mode, platform: Callable[[], Sequence[str]]
    ) -> None:
        """platform: the operator's own keys as they are now, the newest first."""
        self.mode = mode
        self._repository = repository
        self._platform = platform
        self._known: TTLCache[str, Kept] = TTLCache(_MOST_KEPT, _KEEP_SECONDS)

    async def principal(self, token: str | None, tenant: str | None) -> Principal:
        """Who has this key. tenant: the one that is asked for, of those that the key has.

        Raises UnauthorizedError, ForbiddenError or DependencyError.
        """
        if self.mode == "none":
            return ANONYMOUS
        if not token:
            raise UnauthorizedError("send an API key as Authorization: Bearer <key>")
        if any(tokens.equal(token, key) for key in self._platform()):
            return Principal(PLATFORM, PLATFORM, "admin", Scope(tenant or DEFAULT))
        key = await self._key(token)
        if tenant and tenant != key.tenant:
            raise ForbiddenError("the key is of another tenant than X-Tenant names")
        named = tuple(key.collections) if key.collections is not None else None
        scope = Scope(key.tenant, named)
        own = key.requests_per_minute, key.max_upload_bytes
        return Principal(key.id, key.name, key.role, scope, *own)

    def forget(self, key_id: str) -> None:
        """Ask the database for a key again, as it was changed."""
        self._known.pop(key_id, None)

    async def _key(self, text: str) -> Key:
        token = tokens.parsed(text)
        kept = await self._kept(token.id) if token else None
        if token is None or not tokens.same(token.digest, kept.digest if kept else None):
            raise UnauthorizedError("there is no such API key", invalid=True)
        if kept is None or kept.key.revoked_at:
            raise UnauthorizedError("the API key was revoked", invalid=True)
        if kept.expired:
            raise UnauthorizedError("the API key has expired", invalid=True)
        return kept.key

    async def _kept(self, key_id: str) -> Kept | None:
        if known := self._known.get(key_id):
            return known
        kept = await self._repository.get(key_id)
        if kept:
            self._known[key_id] = kept
            if kept.stale and not kept.expired and not kept.key.revoked_at:
                await self._note(key_id)
        return kept

    async def _note(self, key_id: str) -> None:
        try:
            await self._repository.used(key_id)
        except DependencyError as error:
            # Only a note for people: the request itself goes on.
            log.warning("key.use_not_noted", key_id=key_id, reason=error.detail)


class KeyService:
    """Keys of a tenant, for its admins."""

    def __init__(self, repository: KeyRepository, access: Access) -> None:
        self._repository = repository
        self._access = access

    async def create(self, principal: Principal, wanted: NewKey) -> CreatedKey:
        """Make a key. Raises ForbiddenError for more than its maker may do."""
        self._check()
        named = tuple(wanted.collections) if wanted.collections is not None else None
        if not principal.scope.covers(named):
            raise ForbiddenError("the new key would reach collections that yours does not")
        token, text = tokens.made()
        values = wanted.model_dump() | {
            "id": token.id,
            "digest": token.digest,
            "tenant": principal.scope.tenant,
            "created_by": principal.id,
        }
        key = await self._repository.add(values)
        return CreatedKey(**key.model_dump(), key=text)

    async def page(self, scope: Scope, after: str | None, limit: int) -> KeyPage:
        """The tenant's keys, also those that have ended. Raises InvalidRequestError."""
        self._check()
        return await self._repository.page(scope, after, limit)

    async def revoke(self, scope: Scope, key_id: str) -> None:
        """End a key; one that has ended stays so. Raises NotFoundError."""
        self._check()
        if await self._repository.revoke(scope, key_id) is None:
            raise NotFoundError(f"there is no key {key_id[:64]!r}")
        self._access.forget(key_id)

    def _check(self) -> None:
        # Whoever comes by could make one that still works when keys are asked for later.
        if self._access.mode == "none":
            raise ForbiddenError("this server asks nobody for keys (AUTH=none)")
