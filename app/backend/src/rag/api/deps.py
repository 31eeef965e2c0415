"""What routes ask FastAPI for."""

from typing import Annotated

from fastapi import Depends, Query, Request

from rag.access.scope import Principal
from rag.ask.search import SearchService
from rag.ask.service import AskService
from rag.documents.schemas import MOST_IDS
from rag.documents.service import DocumentService
from rag.jobs.watch import JobWatch
from rag.lifespan import AppState

NO_NUL = r"^[^\x00]*$"
"""What texts are like that PostgreSQL takes."""


def _state(request: Request) -> AppState:
    state: AppState = request.app.state.rag
    return state


State = Annotated[AppState, Depends(_state)]
"""Everything the process holds."""


def _caller(request: Request) -> Principal:
    principal: Principal = request.scope["principal"]
    return principal


def _documents(state: State) -> DocumentService:
    return state.documents


def _searching(state: State) -> SearchService:
    return state.search


def _asking(state: State) -> AskService:
    return state.ask


def _watch(state: State) -> JobWatch:
    return state.watch


Caller = Annotated[Principal, Depends(_caller)]
"""Who sends the request, as api/access.py has found."""
Documents = Annotated[DocumentService, Depends(_documents)]
Searching = Annotated[SearchService, Depends(_searching)]
Asking = Annotated[AskService, Depends(_asking)]
Watch = Annotated[JobWatch, Depends(_watch)]
Cursor = Annotated[
    str | None, Query(max_length=1000, description="`next_cursor` of the page before")
]
Limit = Annotated[int, Query(ge=1, le=MOST_IDS, description="rows of a page")]
