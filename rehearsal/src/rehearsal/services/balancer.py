"""The stand-in for the AWS Load Balancer Controller and its load balancers."""

from __future__ import annotations

import sys

from rehearsal.names import REGION
from rehearsal.pki import Authority
from rehearsal.world import World

NAME = "load-balancer-controller"


def start(world: World, authority: Authority) -> None:
    """Start it; until its release is installed it only watches.

    The certificate is of every HTTPS listener, whatever ACM's ARN says, and of the webhook.
    """
    names = ["localhost", f"*.{REGION}.elb.amazonaws.com", "*.rehearsal.internal"]
    authority.issue(world.data / "balancer", names)
    world.spawn(NAME, [sys.executable, "-P", "-m", "rehearsal.balancer", world.data])
