"""In the place of Python for Ansible's modules: runs a module again as long as it is told to.

Only the standard library, since it starts for every task. $IAM_WARM is the socket of who runs
modules (warm.py), $IAM_TELLER of who reads what they said and decides (telling.py).
"""

import json
import os
import socket
import sys


def ask(path, question):
    """Put a question (a dict), and return the answer's bytes."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(path)
        line.sendall(json.dumps(question).encode())
        line.shutdown(socket.SHUT_WR)
        with line.makefile("rb") as stream:
            return stream.read()


def main():
    """Run the module that standard input holds."""
    module = sys.stdin.read()
    if not module or sys.argv[1:]:
        sys.exit("Pipelining is off: the module is not on standard input.")
    hidden = '"_ansible_no_log": true' in module
    while True:
        question = {"module": module, "environment": dict(os.environ)}
        done = json.loads(ask(os.environ["IAM_WARM"], question))
        if '"failed": true' not in done["out"]:
            break
        answer = ask(os.environ["IAM_TELLER"], {"said": done["out"], "hidden": hidden})
        if answer != b"again":
            break
    sys.stdout.write(done["out"])
    sys.stderr.write(done["err"])
    return done["code"]


sys.exit(main())
