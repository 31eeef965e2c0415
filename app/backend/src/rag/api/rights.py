"""Which role a request needs, by its method and path alone: before its body is read.

What is not named here needs more, not less: a new route that changes something is a writer's.
"""

from rag.access.limits import Kind
from rag.access.scope import Role

SIGN_IN = frozenset({"/v1/auth/login", "/v1/auth/callback", "/v1/auth/logout"})
OPEN = frozenset({"/livez", "/readyz", "/metrics", "/version", "/openapi.json"}) | SIGN_IN
"""Paths that nobody is asked for a key at: probes and descriptions, without a word of documents,
and where people get a session.
"""
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_FEEDBACK = "/v1/feedback"
_QUESTIONS = frozenset({"/v1/ask", "/v1/search", "/v1/chat/completions", "/mcp"})
_KEYS = "/v1/keys"


def role_for(method: str, path: str) -> Role:
    """The least role that such a request needs."""
    if path == _KEYS or path.startswith(f"{_KEYS}/"):
        return "admin"
    if path == _FEEDBACK:
        # Everybody who asks says what an answer is worth; notes are for who improves it.
        return "reader" if method == "POST" else "admin"
    if method in _READS or (method == "POST" and path in _QUESTIONS):
        return "reader"
    return "writer"


def kind_of(method: str, path: str) -> Kind:
    """As what a request counts."""
    if path in _QUESTIONS:
        return "ask"
    if role_for(method, path) == "admin":
        return "admin"
    return "read" if method in _READS else "upload"
