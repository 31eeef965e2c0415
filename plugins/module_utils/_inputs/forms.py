# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""How AWS, Kubernetes and Milvus want names and references to be written.

What they would say of a text in the middle of a run, when things are made and billed, is said
before it. Forms of one component stand in its inputs.py; a rule that looks at more than one text,
too.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from . import platform


class Form(NamedTuple):
    """A way of writing. what: how it is asked for in a message; it follows "give"."""

    fits: Callable[[str], object]
    what: str


def pattern(regex: str, what: str) -> Form:
    """Return the form of what a regular expression fits, from its begin to its end."""
    # Digits and letters of other scripts look like ours, and no service takes them.
    return Form(re.compile(regex, re.ASCII).fullmatch, what)


def _is_block(text: str) -> bool:
    """Whether it is a CIDR block as AWS stores it: a host's address in it would be cut away."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_KEY_ARN = r"arn:(aws[\w-]*|\{partition\}):kms:[a-z0-9-]+:([0-9]{12}|\{account\}):key/[\w-]+"
_DOMAIN = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"

NAMESPACE = pattern(
    r"(?!kube-|default$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
    "a namespace of lower-case letters, digits and dashes, at most 63, but not a namespace of"
    " Kubernetes",
)
ANY_NAMESPACE = pattern(
    r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
    "a namespace name: lower-case letters, digits and dashes, at most 63",
)
RELEASE = pattern(
    r"[a-z]([a-z0-9-]{0,51}[a-z0-9])?",
    "a release name: a letter first, then lower-case letters, digits and dashes, at most 53",
)
OBJECT = pattern(
    rf"(?=.{{1,253}}$){_DOMAIN}", "an object name: lower-case letters, digits, dashes and dots"
)
VERSION = pattern(
    r"v?[0-9]+\.[0-9]+\.[0-9]+([+-][0-9A-Za-z.+-]+)?",
    "one exact version, such as 1.2.3, because a range would change without notice",
)
VERSION_OR_NONE = Form(lambda text: text == "" or VERSION.fits(text), VERSION.what)
OBJECT_OR_NONE = Form(lambda text: text == "" or OBJECT.fits(text), OBJECT.what)
COLLECTION = pattern(
    r"[A-Za-z_]\w{0,254}",
    ("a name of letters, digits and _, with no digit first, as Milvus requires"),
)
COLLECTION_OR_NONE = Form(lambda text: text == "" or COLLECTION.fits(text), COLLECTION.what)
BLOCK = Form(_is_block, "a CIDR block whose last bits are 0, such as 10.1.0.0/16")
KEY = pattern(
    rf"|alias/[\w/-]+|{_KEY_ARN}|{_KEY_ARN.replace(':key/', ':alias/')}|{_UUID}|mrk-[0-9a-f]{{32}}",
    "a KMS key by its alias (alias/name), ARN or id",
)
KEY_ARN = pattern(
    rf"|{_KEY_ARN}", "the ARN of a KMS key (arn:{partition}:kms:<region>:<account>:key/<id>)"
)
PRINCIPALS = pattern(r"arn:[^\s]+", "the ARN of an IAM role or user, which may contain *")
BOUNDARY = Form(
    lambda text: text == "" or platform.BOUNDARY.fullmatch(text), "the ARN of an IAM policy"
)
WEB_ACL = pattern(
    r"|arn:aws[\w-]*:wafv2:[a-z0-9-]+:[0-9]{12}:regional/webacl/[^\s]+",
    "the ARN of a regional web ACL of WAF (arn:{partition}:wafv2:<region>:...)",
)

REGIONAL = (KEY, KEY_ARN, WEB_ACL)
"""What must be in the platform's own region."""

TWICE_ELSEWHERE = ("eks_node_groups", "network_availability_zones")
"""Lists of which another rule says what is in them twice."""


def problems(
    role: str,
    inputs: Mapping[str, Any],
    region: str,
    forms: Mapping[str, Form],
    at_least: Mapping[str, int],
    at_most: Mapping[str, int],
) -> Iterator[str]:
    """Yield which inputs of a role are written as nobody takes them.

    Args:
        role: name of the role.
        inputs: its inputs, typed.
        region: of the platform, in which its keys must be.
        forms, at_least, at_most: of the role's rules (rules.py).
    """
    for name, value in inputs.items():
        for place, path, text in _texts(value, name, name):
            if form := forms.get(path):
                yield from _misfit(f"{role}: {place}", form, text, region)
        least = at_least.get(name, 1 if name.endswith("_timeout") else None)
        if least is not None and isinstance(value, int) and value < least:
            yield f"{role}: {name} is {value}: give at least {least}."
        if name in at_most and isinstance(value, int) and value > at_most[name]:
            yield f"{role}: {name} is {value}: give at most {at_most[name]}."
        if isinstance(value, list) and name not in TWICE_ELSEWHERE:
            yield from _twice(role, name, value)


def _misfit(place: str, form: Form, text: str, region: str) -> Iterator[str]:
    if not form.fits(text):
        yield f"{place} is '{text[:120]}': give {form.what}."
    elif form in REGIONAL and text.startswith("arn:") and text.split(":")[3] != region:
        yield (
            f"{place} is {text}, which is not in {region} (platform_region). AWS accepts it only"
            " from the same region."
        )


def _texts(value: Any, place: str, path: str) -> Iterator[tuple[str, str, str]]:
    """Yield each text in a value with its place, eks_addons[0].name, and path, eks_addons.name."""
    if isinstance(value, str):
        yield place, path, value
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _texts(item, f"{place}[{number}]", path)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, f"{place}.{key}", f"{path}.{key}")


def _twice(role: str, name: str, values: list[Any]) -> Iterator[str]:
    """Yield what is in a list twice, told by its name where an item has one."""
    told = [item.get("name") if isinstance(item, Mapping) else item for item in values]
    for each in sorted({str(item) for item in told if item is not None and told.count(item) > 1}):
        yield f"{role}: {name} has {each} twice. Remove one."
