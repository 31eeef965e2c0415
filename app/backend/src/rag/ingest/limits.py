"""What reading one document may take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Of the process that reads one document, and of what it returns.

    cpu_seconds: of computing; seconds: from start to end, waiting for a core included; memory:
    bytes of address space; characters: of the document's text; chunks: into which it is divided.
    """

    cpu_seconds: int
    seconds: float
    memory: int
    characters: int
    chunks: int

    @property
    def answer(self) -> int:
        """Bytes that the process may return: characters at their longest, overlaps, headings."""
        return 16 * self.characters + 8192 * self.chunks + 4096
