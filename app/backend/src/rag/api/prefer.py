"""The header Prefer (RFC 7240)."""

import re

from fastapi import Request

MOST_SECONDS = 300
_WAIT = re.compile(r'(?:^|[,;])[ \t]*wait[ \t]*=[ \t]*"?([0-9]{1,9})"?[ \t]*(?=$|[,;])', re.I)


def wait_of(request: Request) -> int:
    """Seconds that a client would wait for the end of what it starts; 0 for none."""
    found = _WAIT.search(",".join(request.headers.getlist("prefer"))[:1000])
    return min(int(found[1]), MOST_SECONDS) if found else 0
