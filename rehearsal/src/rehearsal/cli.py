"""The command `rehearsal`: a world on this machine that stands in for AWS."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from rehearsal import commands, disk
from rehearsal.cluster.optional import OPTIONAL
from rehearsal.world import WorldError


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="rehearsal", description=__doc__)
    verbs = top.add_subparsers(dest="verb", required=True, metavar="COMMAND")

    up = verbs.add_parser("up", help="start the world, making what is missing first")
    setup = verbs.add_parser("setup", help="make the caches only: programs, images, wheels")
    for verb in (up, setup):
        verb.add_argument(
            "--install", action="store_true", help="install missing Debian packages (root, or sudo)"
        )
        verb.add_argument(
            "--no-kubernetes", action="store_true", help="leave the cluster out: AWS and data only"
        )
        for each in OPTIONAL:
            verb.add_argument(
                each.option,
                dest="optional",
                action="append_const",
                const=each,
                default=[],
                help=f"have {each.purpose} in the cluster, too",
            )
    up.set_defaults(
        run=lambda o: commands.up(
            install=o.install,
            kubernetes=not o.no_kubernetes,
            optional=o.optional,
        )
    )
    setup.add_argument(
        "--also", nargs="+", default=(), metavar="PACKAGE", help="install these packages, too"
    )
    setup.set_defaults(
        run=lambda o: commands.setup(
            install=o.install or bool(o.also),
            kubernetes=not o.no_kubernetes,
            optional=o.optional,
            also=o.also,
        )
    )

    status = verbs.add_parser("status", help="how each part is; 1 if one is down")
    status.set_defaults(run=lambda _: commands.status())

    enter = verbs.add_parser("exec", help="run a command inside the world")
    enter.add_argument("argv", nargs=argparse.REMAINDER, metavar="CMD")
    enter.set_defaults(run=lambda o: commands.enter(o.argv))

    logs = verbs.add_parser("logs", help="the log of a server, or which there are")
    logs.add_argument("name", nargs="?")
    logs.add_argument("-f", "--follow", action="store_true", help="go on as it grows")
    logs.set_defaults(run=lambda o: commands.logs(o.name, follow=o.follow))

    node = verbs.add_parser("node", help="take a node away as a power cut does, or let it return")
    node.add_argument("action", choices=commands.NODE_ACTIONS)
    node.add_argument("name", help="its name in `kubectl get nodes`")
    node.set_defaults(run=lambda o: commands.node(o.action, o.name))

    opening = verbs.add_parser("open", help="relay the application to a loopback port")
    opening.add_argument(
        "service", nargs="?", default="frontend", choices=[*commands.SERVICES, commands.BALANCER]
    )
    opening.add_argument(
        "--port", type=int, default=0, help="the port outside (default: a free one)"
    )
    opening.set_defaults(run=lambda o: commands.open_service(o.service, o.port))

    ask = verbs.add_parser("ask", help="upload a document to the application and ask about it")
    ask.add_argument("--document", required=True)
    ask.add_argument("question")
    ask.set_defaults(run=lambda o: commands.ask(o.document, o.question))

    down = verbs.add_parser("down", help="end the world and discard its data")
    down.set_defaults(run=lambda _: commands.down())
    reset = verbs.add_parser("reset", help="down, and remove the caches")
    reset.set_defaults(run=lambda _: commands.reset())
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command. Returns its exit code: 0, or 1 with an explanation on stderr."""
    options = parser().parse_args(argv)
    # Debian leaves these out of an ordinary user's PATH; inside, the user is root.
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
    try:
        code: int = options.run(options)
        return code
    except WorldError as error:
        sys.stderr.write(f"rehearsal: {error}\n")
        return 1
    except OSError as error:
        if not (cause := disk.named(error)):
            raise
        sys.stderr.write(f"rehearsal: {cause}\n")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
