"""A CNI plugin at the end of the chain: a pod starts when its policies are in force.

Run by containerd on a node, as a program of its own that imports nothing of this project
(`node.prepare` puts it there). It tells the engine the pod's address and waits for its yes;
without one the pod does not start, and kubelet tries again. Standard library only.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import Any

SOCKET = "/run/network-policies/engine.sock"
"""Where the engine listens, as nodes see it."""

TYPE = "network-policy"
"""Name of the plugin in CNI's configuration, and of its file."""

ADD_TIMEOUT, DEL_TIMEOUT = 20.0, 3.0
TRY_AGAIN_LATER = 11
"""CNI's code for an error that may pass."""


def ask(message: dict[str, Any], timeout: float, path: str = SOCKET) -> None:
    """Tell the engine something and wait until it is done; its refusal is a RuntimeError."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        connection.connect(path)
        connection.sendall(json.dumps(message).encode() + b"\n")
        with connection.makefile() as answers:
            line = answers.readline()
    if not line:
        raise RuntimeError("it ended before it answered")
    if error := json.loads(line)["error"]:
        raise RuntimeError(error)


def attach(config: dict[str, Any], container: str) -> None:
    """CNI's ADD: wait until the rules of the pod are in force, and pass its network on."""
    values = dict(
        part.split("=", 1) for part in os.environ.get("CNI_ARGS", "").split(";") if "=" in part
    )
    address = next(
        each["address"].split("/")[0]
        for each in config["prevResult"]["ips"]
        if ":" not in each["address"]
    )
    message = {
        "event": "add",
        "node": config["node"],
        "container": container,
        "address": address,
        "namespace": values["K8S_POD_NAMESPACE"],
        "name": values["K8S_POD_NAME"],
        "uid": values.get("K8S_POD_UID", ""),
    }
    ask(message, ADD_TIMEOUT)
    json.dump(config["prevResult"], sys.stdout)


def detach(container: str) -> None:
    """CNI's DEL. It must not fail: an address is forgotten at the latest when it is used again."""
    try:
        ask({"event": "del", "container": container}, DEL_TIMEOUT)
    except (OSError, RuntimeError) as error:
        sys.stderr.write(f"network policies: {error}\n")


def main() -> int:
    """One call by CNI's protocol; returns its exit code."""
    command, container = os.environ["CNI_COMMAND"], os.environ.get("CNI_CONTAINERID", "")
    config = json.load(sys.stdin)
    version = config["cniVersion"]
    try:
        if command == "ADD":
            attach(config, container)
        elif command == "DEL":
            detach(container)
        elif command == "VERSION":
            json.dump({"cniVersion": version, "supportedVersions": ["0.4.0"]}, sys.stdout)
    except (OSError, RuntimeError) as error:
        text = (
            f"the pod's network policies are not in force, so it does not start: {error} "
            "(`rehearsal logs network-policies`)"
        )
        json.dump({"cniVersion": version, "code": TRY_AGAIN_LATER, "msg": text}, sys.stdout)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
