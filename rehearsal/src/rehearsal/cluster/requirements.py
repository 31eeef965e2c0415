"""What the cluster needs of the machine."""

from __future__ import annotations

DEBIAN_PACKAGES: tuple[str, ...] = (
    "conntrack",
    "containerd",
    "containernetworking-plugins",
    "golang-go",
    "iproute2",
    "nftables",
    "runc",
    "uidmap",
    "util-linux",
)
"""Debian packages with the programs that are run; none of their services is started.

`golang-go` may be left out where a Go of at least `build.GO_MINIMUM` is on PATH.
"""

PROGRAMS: tuple[str, ...] = (
    "conntrack",
    "containerd",
    "containerd-shim-runc-v2",
    "ctr",
    "ip",
    "mount",
    "nft",
    "nsenter",
    "runc",
    "unshare",
)
"""Programs that `start` looks for before it starts anything."""

CNI_PLUGINS = "/usr/lib/cni"
"""Where Debian's containernetworking-plugins puts ptp, portmap and host-local."""
