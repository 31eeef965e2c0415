"""What a fetched file is called: its name says which format it is, as that of an upload."""

import re
from email.message import Message
from pathlib import PurePosixPath
from urllib.parse import unquote

from rag.adapters.web import Fetched
from rag.ingest.formats import FORMATS, suffix_of

_LONGEST_HEADER = 1000
_KNOWN = {suffix for each in FORMATS for suffix in (*each.suffixes, *each.old)}
_UNSAFE = re.compile(r'[\x00-\x1f\x7f"<>|]')


def name_of(fetched: Fetched) -> str:
    """The name that the server gives, or the end of the URL's path, or the host's.

    An end that says nothing, as `.php`, is followed by that of the declared type.
    """
    path = PurePosixPath(unquote(fetched.url.path)).name
    name = _UNSAFE.sub("", _given(fetched.disposition) or path) or (fetched.url.host or "document")
    if suffix_of(name) in _KNOWN:
        return name
    declared = fetched.content_type.partition(";")[0].strip().lower()
    suffixes = [each.suffixes[0] for each in FORMATS if declared in each.declared]
    return name + suffixes[0] if suffixes else name


def _given(disposition: str) -> str:
    """The file name of a Content-Disposition."""
    if not disposition or len(disposition) > _LONGEST_HEADER:
        return ""
    header = Message()
    header["content-disposition"] = disposition.replace("\r", " ").replace("\n", " ")
    # Where a server writes it wrongly, the path tells.
    try:
        return (header.get_filename() or "").replace("\\", "/").rpartition("/")[2]
    except (ValueError, LookupError, TypeError):
        return ""
