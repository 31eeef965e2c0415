"""People's sign-in: where browsers go to, come back to, and leave.

The frontend's server hands these on, as the backend is reached by nobody else. They are pages of a
browser's, no part of the API that clients are generated from.
"""

from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel

from rag.adapters.identity import SignInError
from rag.api import audit, csrf
from rag.api.cookies import Cookies, cookies_of
from rag.api.deps import State
from rag.errors import NotFoundError
from rag.lifespan import AppState
from rag.signin import flow
from rag.signin.service import Answer, SignIn

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/v1/auth", tags=["access"], include_in_schema=False)

Text = Annotated[str | None, Query(max_length=4096)]


class SignedOut(BaseModel):
    """url: where the browser signs out of the issuer, too; null: nowhere."""

    url: str | None


@router.get("/login")
async def sign_in(request: Request, state: State, next: Text = None) -> Response:
    """Send the browser to the issuer. next: the path of our own pages that it ends at."""
    signing, cookies = _wanted(state)
    try:
        begun = await signing.begin(cookies.read(request.headers, cookies.binder), next)
    except SignInError as error:
        return _failed(state, error)
    response = _to(begun.url)
    cookies.write(response, cookies.binder, begun.binder, flow.SECONDS)
    return response


@router.get("/callback")
async def come_back(
    request: Request,
    app: State,
    state: Text = None,
    code: Text = None,
    error: Text = None,
    iss: Text = None,
) -> Response:
    """Give the browser that comes from the issuer a session, and send it to where it began."""
    signing, cookies = _wanted(app)
    answer = Answer(state or "", code, error, iss)
    old = cookies.read(request.headers, cookies.session)
    try:
        finished = await signing.finish(cookies.read(request.headers, cookies.binder), answer, old)
    except SignInError as failure:
        audit.sign_in(request.scope, "refused", failure.reason)
        return _failed(app, failure)
    request.scope["principal"] = finished.principal
    audit.sign_in(request.scope, "done")
    response = _to(_pages(app) + finished.next)
    seconds = app.settings.session_seconds
    cookies.write(response, cookies.session, finished.token, seconds)
    return response


@router.post("/logout")
async def sign_out(request: Request, state: State) -> Response:
    """End the browser's session."""
    signing, cookies = _wanted(state)
    csrf.check(request.method, request.headers, _pages(state))
    token = cookies.read(request.headers, cookies.session)
    url = await signing.end(token) if token else None
    response: Response = JSONResponse(SignedOut(url=url).model_dump())
    if "text/html" in request.headers.get("accept", ""):
        # A form that was sent without scripts: its page may lead nowhere but to our own.
        response = _to(f"{_pages(state)}/sign-in")
    for name in (cookies.session, cookies.binder):
        cookies.drop(response, name)
    response.headers["cache-control"] = "no-store"
    return response


def _wanted(state: AppState) -> tuple[SignIn, Cookies]:
    if state.signing is None:
        raise NotFoundError("nobody signs in at this server (AUTH is not oidc)")
    return state.signing, cookies_of(state.settings)


def _pages(state: AppState) -> str:
    return str(state.settings.frontend_url).rstrip("/")


def _failed(state: AppState, error: SignInError) -> Response:
    log.warning("signin.failed", reason=error.reason, detail=error.detail)
    # People see a page of ours that says it; what the issuer wrote is not shown.
    return _to(f"{_pages(state)}/sign-in?error={error.reason}")


def _to(url: str) -> Response:
    return RedirectResponse(url, 303, headers={"cache-control": "no-store"})
