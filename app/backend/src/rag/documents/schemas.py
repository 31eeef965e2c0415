"""Documents as the API shows them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

Status = Literal["processing", "ready", "failed", "deleting"]


class Document(BaseModel):
    """An uploaded document; it can be asked about once its status is `ready`."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    """From the content: the same file has the same id."""
    status: Status
    filename: str
    content_type: str
    bytes: int
    pages: int
    chunks: int
    sha256: str
    error: str | None = None
    """Why the status is `failed`; uploading the file again heals it."""
    created_at: datetime
    updated_at: datetime
