# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Texts of the command line, of INI files and of AWX surveys, as the types that inputs have.

`-e name=value` and a survey give nothing but texts. What a text means is certain for a switch, a
whole number and a list; it is converted. Everything else stays as it is, and preflight judges it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_SWITCHES = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}


def converted(option: Mapping[str, Any], value: Any) -> Any:
    """Return a text as its option's type, or the value itself.

    Args:
        option: of the argument spec.
        value: as it was given; a template is left alone.
    """
    if not isinstance(value, str) or "{{" in value or "{%" in value:
        return value
    text = value.strip()
    kind = option.get("type", "str")
    if kind == "bool":
        return _SWITCHES.get(text.lower(), value)
    if kind == "int":
        return int(text) if re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", text) else value
    if kind == "float":
        return float(text) if re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", text) else value
    if kind in ("list", "dict"):
        return _collection(option, text, value)
    return value


def _collection(option: Mapping[str, Any], text: str, value: str) -> Any:
    kind = list if option.get("type") == "list" else dict
    if text.startswith(("[", "{")):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return value
        return found if isinstance(found, kind) else value
    if kind is dict or option.get("elements", "str") not in ("str", "path", "int"):
        return value
    items = [item.strip() for item in text.split(",")] if text else []
    element = {"type": option.get("elements", "str")}
    return [converted(element, item) for item in items]
