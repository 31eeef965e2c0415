"""E-mail: who wrote to whom, when and about what, the text, and the names of attachments."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.header import decode_header
from email.message import Message
from itertools import islice

from rag.errors import UnreadableError
from rag.ingest.encoding import decoded
from rag.ingest.pages import Page, Pages, line
from rag.ingest.readers import html

_HEADS = ("From", "To", "Cc", "Date", "Subject")
_MAX_DEPTH = 30
_TOO_DEEP = "the e-mail has parts within parts, too deep to be read"
_MAX_PARTS = 1000
_LONGEST_HEAD = 20_000
_PREFERRED = ("text/plain", "text/html")


def pages(body: bytes, characters: int) -> list[Page]:
    """An e-mail, as one page."""
    message = _parsed(body)
    heads = {name: _head(message, name) for name in _HEADS}
    if not any(heads.values()):
        raise UnreadableError("the file is no e-mail: it has no From, To, Date or Subject")
    out = Pages(characters)
    out.heading(heads["Subject"])
    # In one block: who wrote about what is one sentence.
    out.block("\n".join(f"{name}: {value}" for name, value in heads.items() if value))
    parts = list(islice(_parts(message, 0), _MAX_PARTS + 1))
    if len(parts) > _MAX_PARTS:
        raise UnreadableError(f"the e-mail has more than {_MAX_PARTS:,} parts")
    for part in parts:
        if not _attached(part):
            _write(part, out)
    names = [name for part in parts if (name := _attached(part))]
    out.block(f"Attachments: {', '.join(names)}" if names else "")
    return out.done()


def _parsed(body: bytes) -> Message:
    try:
        return message_from_bytes(body, policy=policy.compat32)
    except RecursionError:
        raise UnreadableError(_TOO_DEEP) from None


def _write(part: Message, out: Pages) -> None:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes) or not payload.strip():
        return
    text = decoded(payload, charset=part.get_content_charset("") or "")
    if part.get_content_type() == "text/html":
        html.write(text, out)
    else:
        for block in text.replace("\r\n", "\n").split("\n\n"):
            out.block(block)


def _parts(message: Message, depth: int) -> Iterator[Message]:
    """The texts of a message, of each the best kind, and what is attached."""
    if depth > _MAX_DEPTH:
        raise UnreadableError(_TOO_DEEP)
    kind = message.get_content_maintype()
    if _attached(message) or kind not in ("multipart", "message"):
        if _attached(message) or message.get_content_type() in _PREFERRED:
            yield message
        return
    inner = [part for part in message.get_payload() if isinstance(part, Message)]
    if message.get_content_subtype() == "alternative":
        inner = _best(inner)
    for part in inner:
        yield from _parts(part, depth + 1)


def _best(parts: list[Message]) -> list[Message]:
    """Of texts that say the same, the plain one; else the last, as senders order them."""
    for part in parts:
        if part.get_content_type() == "text/plain" and str(part.get_payload()).strip():
            return [part]
    return parts[-1:]


def _attached(part: Message) -> str:
    """The name of an attachment, or nothing."""
    name = part.get_filename()
    if name:
        return line(_decoded_words(str(name)))
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload()
        first = inner[0] if isinstance(inner, list) and inner else None
        return (isinstance(first, Message) and _head(first, "Subject")) or "a message"
    return "without a name" if part.get_content_disposition() == "attachment" else ""


def _head(message: Message, name: str) -> str:
    """A header in one line, its encoded words decoded."""
    found = message.get_all(name) or []
    return line(", ".join(_decoded_words(str(each)[:_LONGEST_HEAD]) for each in found[:20]))


def _decoded_words(text: str) -> str:
    """A header whose words may be encoded; one that is no header is kept as it is."""
    try:
        pieces = decode_header(text)
    except ValueError:
        return text
    return "".join(
        decoded(piece, charset=charset or "") if isinstance(piece, bytes) else piece
        for piece, charset in pieces
    )
