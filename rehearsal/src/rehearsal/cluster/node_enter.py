"""From the world into a node: `python -m rehearsal.cluster.node_enter SPEC`.

Moves itself into the node's control groups and becomes `unshare`, whose child is
the node's first process. When either dies the kernel ends all of the node.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from rehearsal.cluster import cgroups


def main(spec_file: str) -> None:
    """Become the node that a file written by `node.Node` describes."""
    spec = json.loads(Path(spec_file).read_text())
    hierarchies = tuple(cgroups.Hierarchy(**each) for each in spec["hierarchies"])
    cgroups.enter(hierarchies, spec["name"])
    # The node joins its cable's other end to this network by this descriptor.
    network = os.open("/proc/self/ns/net", os.O_RDONLY)
    os.set_inheritable(network, True)
    own = ["--net", "--mount", "--pid", "--uts", "--ipc", *(["--cgroup"] if hierarchies else [])]
    how = ["--fork", "--mount-proc", "--kill-child", "--propagation", "private"]
    init = [sys.executable, "-P", "-m", "rehearsal.cluster.node_init", spec_file, str(network)]
    os.execvp("unshare", ["unshare", *own, *how, *init])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1])
