"""The world's first process: it reaps, and starts the supervisor as its only own child."""

from __future__ import annotations

import os
import sys

from rehearsal.inside.supervisor import main


def first_process() -> int:
    """Reap whatever ends, until the supervisor does; then the kernel ends all the rest.

    The supervisor waits for its own children by their pid, which a process that
    reaps everything would steal from it: so they are two.
    """
    supervisor = os.fork()
    if supervisor == 0:
        os._exit(main(sys.argv[1:]))
    while True:
        pid, status = os.wait()
        if pid == supervisor:
            return os.waitstatus_to_exitcode(status) & 0xFF


sys.exit(first_process())
