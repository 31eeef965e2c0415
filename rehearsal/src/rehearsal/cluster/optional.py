"""What a world's cluster may have beside the rest, if `rehearsal up` is asked for it."""

from __future__ import annotations

from rehearsal.cluster import external_secrets, karpenter

OPTIONAL = (external_secrets.CONTROLLER, karpenter.CONTROLLER)
