"""What the cluster needs of the machine."""

from __future__ import annotations

DEBIAN_PACKAGES: tuple[str, ...] = (
    "conntrack",
    "containerd",
    "containernetworking-plugins",
    "haproxy",
    "iproute2",
    "iptables",
    "nftables",
    "runc",
    "uidmap",
    "util-linux",
)
"""Debian packages with the programs that are run; none of their services is started.

Go is not among them: Debian 12's is older than `golang.MINIMUM`. iptables is for
the CNI plugin `portmap` (a pod's hostPort), which starts it.
"""

PROGRAMS: tuple[str, ...] = (
    "conntrack",
    "containerd",
    "containerd-shim-runc-v2",
    "ctr",
    "haproxy",
    "ip",
    "iptables",
    "mount",
    "nft",
    "nsenter",
    "runc",
    "unshare",
)
"""Programs that `start` looks for before it starts anything."""

CNI_NEEDED = ("host-local", "loopback", "portmap", "ptp")
"""Plugins of Debian's that nodes use."""

CNI_PLUGINS = "/usr/lib/cni"
"""Where Debian's containernetworking-plugins puts ptp, portmap and host-local."""
