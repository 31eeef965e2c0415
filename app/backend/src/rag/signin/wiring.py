"""Sign-in as the configuration has it."""

from contextlib import AsyncExitStack

from rag.adapters.oidc import OidcIssuer
from rag.adapters.sessions import RedisSessions
from rag.settings import Settings
from rag.signin.claims import Rules
from rag.signin.service import SignIn
from rag.world import World, secret_text


def open_sign_in(stack: AsyncExitStack, settings: Settings, world: World) -> SignIn | None:
    """None unless people sign in. Nothing connects yet: no server has to be up."""
    if settings.auth != "oidc" or not settings.oidc_issuer or not settings.oidc_client_id:
        return None
    issuer = OidcIssuer(
        settings.oidc_issuer,
        settings.oidc_client_id,
        lambda: secret_text(world.live.now().oidc_client_secret),
        timeout=settings.dependency_timeout_seconds,
    )
    stack.push_async_callback(issuer.close)
    sessions = RedisSessions(
        lambda: secret_text(world.live.now().redis_url),
        idle=settings.session_idle_seconds,
        most=settings.session_seconds,
    )
    stack.push_async_callback(sessions.close)
    role = settings.oidc_default_role
    rules = Rules(
        settings.oidc_role_claim,
        settings.oidc_roles,
        None if role == "none" else role,
        settings.oidc_tenant_claim,
    )
    return SignIn(
        issuer,
        sessions,
        rules,
        pages=str(settings.frontend_url).rstrip("/"),
        scopes=settings.oidc_scopes,
        logout_url=settings.oidc_logout_url,
    )
