"""What routes ask FastAPI for."""

from typing import Annotated

from fastapi import Depends, Request

from rag.ask.search import SearchService
from rag.ask.service import AskService
from rag.documents.service import DocumentService
from rag.lifespan import AppState


def _state(request: Request) -> AppState:
    state: AppState = request.app.state.rag
    return state


State = Annotated[AppState, Depends(_state)]
"""Everything the process holds."""


def _documents(state: State) -> DocumentService:
    return state.documents


def _searching(state: State) -> SearchService:
    return state.search


def _asking(state: State) -> AskService:
    return state.ask


Documents = Annotated[DocumentService, Depends(_documents)]
Searching = Annotated[SearchService, Depends(_searching)]
Asking = Annotated[AskService, Depends(_asking)]
