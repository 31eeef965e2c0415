"""The parts of a ZIP archive, as Office files and books are ones, with bounds for all of it."""

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import unquote

from rag.errors import UnreadableError, UnsupportedTypeError

_MAX_PARTS = 10_000
_MAX_UNPACKED = 256 << 20
"""Bytes of the parts that are read: what a reader computes grows with them."""
_PIECE = 1 << 16
_HEAD = 1 << 12
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 1
_DAMAGED = "the file is damaged, or was not sent whole"


class Archive:
    """Reads the parts of an archive, each in pieces. Raises UnreadableError for a bad one."""

    def __init__(self, body: bytes) -> None:
        try:
            self.file = zipfile.ZipFile(BytesIO(body))
        except (zipfile.BadZipFile, ValueError, OSError):
            raise UnreadableError(_DAMAGED) from None
        if len(self.file.filelist) > _MAX_PARTS:
            raise UnreadableError(f"the file is made of more than {_MAX_PARTS:,} parts")
        self._known = {part.filename: part for part in self.file.filelist}
        self._left = _MAX_UNPACKED

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def names(self, *, start: str = "", end: str = "") -> list[str]:
        """Names of parts that begin and end so, in order."""
        return sorted(n for n in self._known if n.startswith(start) and n.endswith(end))

    def need(self, name: str, kind: str) -> str:
        """The name of a part without which the file is not of this kind."""
        if name not in self._known:
            raise UnsupportedTypeError(
                f"the file's content is not {kind}: its main part is missing"
            )
        return name

    def allow(self, *names: str) -> None:
        """Raise UnreadableError when these parts may not be read."""
        for part in (self._known[name] for name in names):
            self._left -= part.file_size
            if part.flag_bits & _ENCRYPTED:
                raise UnreadableError("the file is protected by a password: save it without one")
            if part.compress_type not in _METHODS:
                raise UnreadableError("the file is packed in a way that is not known")
            if self._left < 0:
                raise UnreadableError(
                    f"the file has, unpacked, more than {_MAX_UNPACKED >> 20} MiB of text"
                )

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of a part; never more than its entry tells, whatever is packed there."""
        self.allow(name)
        try:
            with self.file.open(name) as part:
                while piece := part.read(_PIECE):
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError):
            raise UnreadableError(_DAMAGED) from None

    def head(self, name: str) -> bytes:
        """The beginning of a part that was allowed."""
        with self.file.open(name) as part:
            return part.read(_HEAD)

    def read(self, name: str, most: int) -> bytes:
        """A part that has no more than so many bytes."""
        if self._known[name].file_size > most:
            raise UnreadableError(f"a part of the file has more than {most >> 20} MiB")
        return b"".join(self.pieces(name))


def beside(name: str, target: str) -> str:
    """The name of the part that a part of this name means by a target."""
    path = unquote(target.partition("#")[0])
    joined = path if path.startswith("/") else posixpath.join(posixpath.dirname(name), path)
    return posixpath.normpath(joined).lstrip("/")
