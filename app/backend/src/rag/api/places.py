"""The template of a request's path, also where no route has been looked for yet."""

from functools import lru_cache
from re import Pattern

from starlette.routing import compile_path
from starlette.types import Scope

UNKNOWN = "unmatched"
"""Stands for every path that the API does not have."""


def template(scope: Scope) -> str:
    """The template, such as /v1/documents/{document_id}: ids would make names without end."""
    # Its route, if the request came that far; one that was refused before has none.
    return getattr(scope.get("route"), "path", None) or place(scope)[0]


def place(scope: Scope) -> tuple[str, dict[str, str]]:
    """The template, as the description of the API has it, and what stands for its parameters."""
    path = str(scope["path"])
    paths = scope["app"].openapi()["paths"]
    if path in paths:
        return path, {}
    for each in paths:
        if found := _pattern(each).match(path):
            return each, found.groupdict()
    return getattr(scope.get("route"), "path", UNKNOWN), {}


@lru_cache(maxsize=200)
def _pattern(each: str) -> Pattern[str]:
    return compile_path(each)[0]
