"""Send requests at a steady rate; one JSON line per request. Standard library only: runs in pods.

load.py SECONDS RATE URL [PATH|PATH=JSON...]: the paths take turns, one with a JSON body is a POST,
and {n} in a body is the number of the request, so that no cache knows the answer.
Each request has a connection of its own and 10 s. A line: {"at": seconds since the epoch when it
was sent, "ms": how long it took, "path": ..., "outcome": status, or what went wrong}.
"""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time
import urllib.error
import urllib.request

TIMEOUT = 10
LIMIT = 64
"""Requests under way at most: with more, sending falls behind, which is written as an outcome."""


def send(base: str, path: str, body: str, slots: threading.Semaphore) -> None:
    """One request, and its line."""
    at = time.time()
    request = urllib.request.Request(  # noqa: S310 - the caller says where to
        base + path,
        data=body.encode() if body else None,
        headers={"Content-Type": "application/json", "Connection": "close"},
    )
    outcome: int | str
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
            answer.read()
            outcome = answer.status
    except urllib.error.HTTPError as error:
        outcome = error.code
    except OSError as error:
        outcome = str(getattr(error, "reason", error)) or type(error).__name__
    finally:
        slots.release()
    write(at, path, outcome)


def write(at: float, path: str, outcome: int | str) -> None:
    """One line, whole, at once."""
    line = {"at": at, "ms": round((time.time() - at) * 1000, 1), "path": path, "outcome": outcome}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main(seconds: str, rate: str, base: str, *paths: str) -> None:
    """Send until the time is up, whatever becomes of the requests."""
    slots = threading.Semaphore(LIMIT)
    end = time.monotonic() + float(seconds)
    due = time.monotonic()
    for number, target in enumerate(itertools.cycle(paths)):
        path, _, body = target.partition("=")
        body = body.replace("{n}", str(number))
        time.sleep(max(0.0, due - time.monotonic()))
        if time.monotonic() > end:
            return
        due += 1 / float(rate)
        if slots.acquire(timeout=1):
            threading.Thread(target=send, args=(base, path, body, slots)).start()
        else:
            write(time.time(), path, f"not sent: {LIMIT} requests wait for their answers")


if __name__ == "__main__":
    main(*sys.argv[1:])
