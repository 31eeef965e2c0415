# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the tagging API names for a while after it was deleted: a look tells whether it is there.

Looked for only when it is named, so that who has none of it needs no permission to look.
"""

from __future__ import annotations

from collections.abc import Iterable

from .._platform.scope import Connect
from ..aws import AwsError
from ..component import Component

_DENIED = ("AccessDenied", "AccessDeniedException")


def is_there(connect: Connect, service: str, arn: str, components: Iterable[Component]) -> bool:
    """Whether what the tagging API names is there; what can't be looked at is.

    Raises:
        AwsError: AWS gave no answer.
    """
    looks = [each.looks[service] for each in components if service in each.looks]
    try:
        return not looks or any(look(connect, arn) for look in looks)
    except AwsError as error:
        if error.code in _DENIED:
            return True
        raise
