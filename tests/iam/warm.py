"""Run Ansible's modules without starting Python anew: `python warm.py SOCKET`.

What takes a module most of its time, when AWS refuses it at once, is to import the SDK and to
read its descriptions of services. Here they are there already, and a fork runs the module. Takes
{"module", "environment"} and answers {"code", "out", "err"}; ends with standard input.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
import tempfile
import traceback
from pathlib import Path
from unittest import mock

import ansible.module_utils.basic  # noqa: F401 - to have it
import boto3
import botocore.loaders
import botocore.session

SERVICES = ("ec2", "ecr", "eks", "elasticache", "iam", "kms", "rds", "s3", "secretsmanager")


def warm_up() -> None:
    """Read what the SDK knows of the services, once for all forks."""
    loader = botocore.loaders.create_loader()
    mock.patch("botocore.session.create_loader", return_value=loader).start()
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x")
    for service in SERVICES:
        session.client(service, region_name="us-east-1")


def run(module: str, environment: dict[str, str]) -> None:
    """Be the module; ends this process."""
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["<stdin>"]
    code = 0
    try:
        exec(compile(module, "<stdin>", "exec"), {"__name__": "__main__"})  # noqa: S102
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def handle(line: socket.socket) -> None:
    """Run the module that is asked for in a child, and tell what became of it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with line.makefile("rb") as stream:
        asked = json.loads(stream.read())
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            run(**asked)
        _, status = os.waitpid(child, 0)
        answer = {"code": os.waitstatus_to_exitcode(status)}
        for name, file in (("out", out), ("err", err)):
            file.seek(0)
            answer[name] = file.read().decode(errors="replace")
    line.sendall(json.dumps(answer).encode())


def main() -> None:
    """Serve until standard input is closed."""
    warm_up()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    path = Path(sys.argv[1])
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path.with_suffix(".new")))
    listener.listen(64)
    path.with_suffix(".new").rename(path)  # now it answers
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [])
        if sys.stdin in ready:
            return
        line, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            handle(line)
            os._exit(0)
        line.close()


if __name__ == "__main__":
    main()
