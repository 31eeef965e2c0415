"""Keys as the API shows them."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from rag.access.limits import Kind
from rag.access.scope import Mode, Name, Role

MOST_COLLECTIONS = 50
"""Collections that a key may name: each is a condition of every search."""

_EXAMPLE: JsonDict = {
    "id": "5f0c9be34a4c0e9d",
    "name": "intranet search",
    "tenant": "default",
    "role": "reader",
    "collections": ["handbooks"],
    "requests_per_minute": {"ask": 30},
    "max_upload_bytes": None,
    "created_at": "2026-11-30T16:00:00Z",
    "created_by": "platform",
    "expires_at": "2027-11-30T16:00:00Z",
    "last_used_at": None,
    "revoked_at": None,
}


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must have printable characters only")
    return value


def _coming(value: datetime) -> datetime:
    if value <= datetime.now(UTC):
        raise ValueError("must be in the future")
    return value


Quotas = Annotated[
    dict[Kind, Annotated[int, Field(ge=1, le=1_000_000)]], Field(min_length=1, max_length=4)
]
Collections = Annotated[list[Name], Field(min_length=1, max_length=MOST_COLLECTIONS)]


class NewKey(BaseModel):
    """A key to make, in the tenant of who makes it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"name": "intranet search", "role": "reader", "collections": ["handbooks"]},
                {"name": "nightly import", "role": "writer"},
            ]
        },
    )

    name: Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_printable)]
    """For people: what the key is for."""
    role: Role
    collections: Collections | None = None
    """Only these collections; null: all of the tenant."""
    expires_at: Annotated[AwareDatetime, AfterValidator(_coming)] | None = None
    requests_per_minute: Quotas | None = None
    """In place of the server's own limits, by kind."""
    max_upload_bytes: int | None = Field(default=None, ge=1024, le=2**40)
    """Of a request with documents; the server's own limit holds beside it."""


class Key(BaseModel):
    """A key. Its secret is not kept, so nobody can be shown it again."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    """The key's public part: it stands in the key's text, and in logs."""
    name: str
    tenant: str
    role: Role
    collections: list[str] | None
    requests_per_minute: dict[str, int] | None
    max_upload_bytes: int | None
    created_at: datetime
    created_by: str
    """Id of the key that made it."""
    expires_at: datetime | None
    last_used_at: datetime | None
    """Exact to a minute."""
    revoked_at: datetime | None


class CreatedKey(Key):
    """A key with its text, which is shown this once."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**_EXAMPLE, "key": "rag_5f0c9be34a4c0e9d_..."}]}
    )

    key: str
    """What programs send as `Authorization: Bearer`."""


class KeyPage(BaseModel):
    """Some keys of a tenant, the newest first."""

    items: list[Key]
    next_cursor: str | None = None
    """The value of `cursor` for the keys after these; null at the end."""


class Me(BaseModel):
    """Who sends a request, and what they may do."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "auth": "keys",
                    "id": "5f0c9be34a4c0e9d",
                    "name": "intranet search",
                    "tenant": "default",
                    "role": "reader",
                    "collections": ["handbooks"],
                }
            ]
        }
    )

    auth: Mode
    """`none`: nobody is asked, and everybody may do everything; `oidc`: people sign in."""
    id: str
    name: str
    tenant: str
    role: Role
    collections: list[str] | None
    """The collections within reach; null: all of the tenant."""
