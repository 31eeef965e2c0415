"""Errors which a client is told; api/problems.py says how."""


class RagError(Exception):
    """An error which the client is told: subclasses set status and kind, `detail` explains."""

    status = 500
    kind = "internal"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class UnauthorizedError(RagError):
    """A request has no key, or (`invalid`) one that is not good."""

    status, kind = 401, "unauthorized"

    def __init__(self, detail: str, *, invalid: bool = False) -> None:
        super().__init__(detail)
        self.invalid = invalid


class ForbiddenError(RagError):
    """Who asks is known, and may not do this."""

    status, kind = 403, "forbidden"


class RateLimitedError(RagError):
    """More requests than a key may send. retry_after: seconds until one more may come."""

    status, kind = 429, "rate-limited"

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class DisabledError(RagError):
    """What is asked for is switched off by the configuration."""

    status, kind = 403, "disabled"


class RefusedUrlError(RagError):
    """A URL that this service does not fetch."""

    status, kind = 422, "url-refused"


class OriginRefusedError(RagError):
    """Where a file should come from there is none, or it is not given away: no retry helps."""

    status, kind = 422, "origin-refused"


class OriginError(RagError):
    """Where a file should come from did not answer as it should; it may later."""

    status, kind = 502, "origin-failed"


class NotFoundError(RagError):
    """There is no such document."""

    status, kind = 404, "not-found"


class ModelNotFoundError(RagError):
    """There is no such model in the API that speaks as OpenAI's does."""

    status, kind = 404, "model-not-found"


class InvalidRequestError(RagError):
    """The parts of a request do not go together; `detail` names the field."""

    status, kind = 422, "invalid-request"


class ConflictError(RagError):
    """What is asked does not fit the state that the document or the job is in."""

    status, kind = 409, "conflict"


class PreconditionError(RagError):
    """The document is not in the state that the request names (If-Match)."""

    status, kind = 412, "precondition-failed"


class FileGoneError(RagError):
    """The file of a document is not kept, or not the one that was uploaded."""

    status, kind = 410, "file-gone"


class TooLargeError(RagError):
    """The document is larger than this service takes."""

    status, kind = 413, "too-large"


class UnsupportedTypeError(RagError):
    """The document is of none of the formats that are taken."""

    status, kind = 415, "unsupported-type"


class UnreadableError(RagError):
    """The document holds no text that can be read."""

    status, kind = 422, "unreadable-document"


class NoTextError(UnreadableError):
    """The document was read, and there is no text in it: it may be a scan."""


class FilterError(RagError):
    """A filter that the searches cannot apply."""

    status, kind = 422, "filter-too-broad"


class DependencyError(RagError):
    """A server behind this one failed.

    `dependency` is postgres, redis, s3, milvus, openai, embeddings, rerank or ocr.
    """

    status, kind = 503, "dependency-unavailable"

    def __init__(self, dependency: str, detail: str) -> None:
        super().__init__(f"{dependency}: {detail}")
        self.dependency = dependency


class BusyError(RagError):
    """More is asked of this process than it can do in a reasonable time."""

    status, kind = 503, "busy"
    retry_after = 1
    """Seconds after which the client may try again; another replica may be there by then."""


class QueueFullError(BusyError):
    """As many documents wait as may."""

    retry_after = 30


def revived(kind: str, status: int, detail: str, dependency: str | None) -> RagError:
    """An error as it was noted before, in this process or another."""
    if dependency:
        return DependencyError(dependency, detail.removeprefix(f"{dependency}: "))
    if known := _TOLD.get(kind):
        return known(detail)
    error = RagError(detail)
    error.kind, error.status = kind, status
    return error


_TOLD: dict[str, type[RagError]] = {
    each.kind: each
    for each in (TooLargeError, UnsupportedTypeError, UnreadableError, FileGoneError)
}
