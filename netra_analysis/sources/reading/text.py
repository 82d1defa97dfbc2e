"""From bytes to text: gzip, byte order marks, UTF-16 as PowerShell writes it, and bytes that are no text."""

import codecs
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, BinaryIO, Final

BLOCK: Final = 1 << 20
_PACKED: Final = 1 << 14  # small, so that little is to be read again where gzip data is damaged
HEAD: Final = 5 << 18  # characters looked at to tell the format; more than the longest value

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8 with BOM"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16LE with BOM"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16BE with BOM"),
)


@dataclass(slots=True)
class Text:
    """A file's text in pieces; `head` is its beginning, and `damage` says what was lost on the way."""

    pieces: Iterator[str]
    encoding: str
    head: str = ""
    whole: bool = False  # `head` is the whole text
    notes: list[str] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)


def open_text(file: BinaryIO) -> Text:
    """The text of `file`, whichever of the encodings above it is in; nothing is raised for bad content."""
    damage: list[str] = []
    blocks = _blocks(file, damage)
    first = next(blocks, b"")
    encoding, name, mark = _encoding(first)
    pieces = _decoded(chain([first[mark:]], blocks), encoding)
    text = Text(pieces, name + (", gzip" if _is_gzip(file) else ""), damage=damage)
    _look_ahead(text)
    return text


def _look_ahead(text: Text) -> None:
    """Fills `head`, and puts what was read for it back in front."""
    seen: list[str] = []
    size = 0
    while size < HEAD:
        piece = next(text.pieces, None)
        if piece is None:
            text.whole = True
            break
        seen.append(piece)
        size += len(piece)
    text.head = "".join(seen)[:HEAD]
    text.whole = text.whole and size <= HEAD
    text.pieces = chain(seen, text.pieces)


def _is_gzip(file: BinaryIO) -> bool:
    place = file.tell()
    file.seek(0)
    magic = file.read(2)
    file.seek(place)
    return magic == b"\x1f\x8b"


def _blocks(file: BinaryIO, damage: list[str]) -> Iterator[bytes]:
    """The bytes of `file`, unpacked where they are gzip."""
    if _is_gzip(file):
        yield from _unpacked(file, damage)
        return
    while block := file.read(BLOCK):
        yield block


def _unpacked(file: BinaryIO, damage: list[str]) -> Iterator[bytes]:
    """What can be unpacked of `file`, member after member; where it breaks off, `damage` says so."""
    unpacker = zlib.decompressobj(wbits=31)
    while packed := file.read(_PACKED):
        while packed:
            if unpacker.eof:
                packed = packed.lstrip(b"\0")  # padding, as tapes leave it
                if not packed:
                    break
                unpacker = zlib.decompressobj(wbits=31)
            before = unpacker.copy()
            try:
                yield unpacker.decompress(packed)
            except zlib.error as error:
                damage.append(f"gzip data is damaged: {error}")
                yield from _rescued(before, packed)
                return
            packed = unpacker.unused_data
    if not unpacker.eof:
        damage.append("gzip data ends early")


def _rescued(unpacker: Any, packed: bytes) -> Iterator[bytes]:
    """What comes out before the byte at which unpacking fails."""
    for at in range(len(packed)):
        try:
            yield unpacker.decompress(packed[at : at + 1])
        except zlib.error:
            return


def _encoding(first: bytes) -> tuple[str, str, int]:
    """The codec, its name for people, and how many bytes its mark takes."""
    for mark, codec, name in _MARKS:
        if first.startswith(mark):
            return codec, name, len(mark)
    start = first[:2000]
    even, odd = start[0::2].count(0), start[1::2].count(0)
    half = max(len(start) // 2, 1)
    if odd > 0.4 * half and even < 0.1 * half:
        return "utf-16-le", "UTF-16LE", 0
    if even > 0.4 * half and odd < 0.1 * half:
        return "utf-16-be", "UTF-16BE", 0
    return "utf-8", "UTF-8", 0


def _decoded(blocks: Iterator[bytes], codec: str) -> Iterator[str]:
    """Text piece by piece. Bytes that are no UTF-8 pass as surrogates, so that the value can be judged."""
    errors = "surrogateescape" if codec == "utf-8" else "replace"
    decoder = codecs.getincrementaldecoder(codec)(errors)
    for block in blocks:
        if text := decoder.decode(block):
            yield text
    if text := decoder.decode(b"", final=True):
        yield text


def repaired(text: str) -> str:
    """`text` with halves of surrogate pairs, which UTF-8 cannot hold, shown as U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
