"""Where things are, outside and inside the world (the paths are the same)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Places:
    """The checkout, the world's data (discarded by `down`) and the caches (by `reset`)."""

    data: Path
    cache: Path
    checkout: Path = CHECKOUT

    @classmethod
    def from_environment(cls) -> Places:
        """REHEARSAL_DATA and RAGOPS_CACHE, or their defaults."""
        data = os.environ.get("REHEARSAL_DATA") or CHECKOUT / ".rehearsal"
        cache = os.environ.get("RAGOPS_CACHE") or Path.home() / ".cache/ragops"
        return cls(data=Path(data).absolute(), cache=Path(cache).absolute())

    @property
    def identity(self) -> Path:
        """Which processes are the world's (written by `up`)."""
        return self.data / "world.json"

    @property
    def state(self) -> Path:
        """What the supervisor knows of its servers (written every second)."""
        return self.data / "state.json"

    @property
    def progress(self) -> Path:
        """What was said while the world started."""
        return self.data / "progress.log"

    @property
    def ca(self) -> Path:
        """The certificate of the authority that signed the world's servers."""
        return self.data / "ca.crt"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig of the world's own cluster."""
        return self.data / "kubeconfig"

    @property
    def requests(self) -> Path:
        """One JSON line per call to the AWS API."""
        return self.data / "aws_requests.jsonl"
