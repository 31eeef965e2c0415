"""Who is told of unexpected errors: a service that takes them as Sentry does, if SENTRY_DSN is set.

What a client causes is no such error.
"""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from rag import crashes, tracing
from rag.logs import redact
from rag.settings import Settings
from rag.tls import system_bundle

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

_CLOSE_SECONDS = 2.0
"""How long the end of the process waits for what is not sent yet."""
_on = False


def report(error: BaseException, **tags: str) -> None:
    """Send an unexpected error to the service that collects them, if there is one.

    It is sent by a thread of its own, from a queue that drops what is too much.
    """
    if not _on:
        return
    import sentry_sdk

    with sentry_sdk.new_scope() as scope:
        for name, value in {**tracing.ids(), **tags}.items():
            scope.set_tag(name, value)
        scope.capture_exception(error)


def install(settings: Settings, service: str) -> Callable[[], None]:
    """Report errors to SENTRY_DSN from now on; returns what ends that, within seconds."""
    global _on
    if not (dsn := settings.sentry_dsn):
        return lambda: None
    # Only now: without a DSN its library is not loaded.
    import sentry_sdk
    from sentry_sdk.integrations.excepthook import ExcepthookIntegration

    sentry_sdk.init(
        dsn=dsn.get_secret_value(),
        release=f"{service}@{settings.app_version}",
        environment=settings.sentry_environment,
        # What is sent is what `report` is given, and what ends the process.
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[ExcepthookIntegration()],
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        trace_propagation_targets=[],
        # The library takes one file of authorities.
        ca_certs=os.environ.get("SSL_CERT_FILE") or system_bundle(),
        before_send=_struck,
        shutdown_timeout=_CLOSE_SECONDS,
    )
    _on = True
    return lambda: sentry_sdk.get_client().close(timeout=_CLOSE_SECONDS)


def _struck(event: "Event", hint: "Hint") -> "Event":
    """The event without messages that may quote a text, and without secrets."""
    error = cast("tuple[object, BaseException | None]", hint.get("exc_info", (None, None)))[1]
    kept = {crashes.message_of(each) for each in crashes.chain(error)}
    for value in event.get("exception", {}).get("values", ()):
        if value.get("value") not in kept:
            value["value"] = crashes.STRUCK
    return cast("Event", _redacted(cast("dict[str, Any]", event)))


def _redacted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(item) for item in value]
    return redact(value)
