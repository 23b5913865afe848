"""SVG files as trees of elements, read within budgets: the first wall against hostile files.

Entities declared in the file work, as Adobe Illustrator's files need; nothing outside the file is ever fetched.
"""

import re
import zlib
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from sketchrnn_cli.errors import DataError

LARGEST = 32 << 20
"""Bytes of a file; photographs embedded in a drawing make some of them large."""

ELEMENTS = 100_000
"""Elements of a file."""

DEPTH = 500
"""Elements inside each other."""

GROWTH = 4 << 20
"""Characters that the entities of a file may add to it."""

_GZIP = b"\x1f\x8b"
_SVG = "http://www.w3.org/2000/svg}"
_XLINK_HREF = "http://www.w3.org/1999/xlink}href"
_NESTED_ENTITY = re.compile(r"&(?!#|(?:amp|lt|gt|quot|apos);)")
_DECLARED_ENCODING = re.compile(rb"""^<\?xml[^>]{0,100}?encoding\s*=\s*["']([-\w]{1,40})["']""")
_MULTIBYTE = ("shift_jis", "windows-31j", "cp932", "euc-jp", "gb2312", "gbk", "gb18030", "big5", "euc-kr")


def parse(source: bytes) -> Element:
    """Return the root element of an SVG file, packed by gzip (``.svgz``) or not.

    Names in the SVG namespace, or in none, lose it; others stay `namespace}name`. `xlink:href` becomes `href`. Text is
    kept in `style` elements only.

    Raises:
        DataError: too large, no sound XML, entities or nesting beyond the budgets, or no SVG.
    """
    if source.startswith(_GZIP):
        source = _unpacked(source)
    if len(source) > LARGEST:
        raise DataError(f"{len(source) >> 20} MiB large; at most {LARGEST >> 20} MiB are read")
    if not source.strip():
        raise DataError("an empty file; expected an SVG drawing")
    encoding = None
    declared = _DECLARED_ENCODING.match(source)
    if declared and (name := declared[1].decode().lower()) in _MULTIBYTE:
        # Expat itself reads UTF-8, UTF-16 and encodings of one byte a character.
        source, encoding = source.decode(name, "replace").encode(), "utf-8"
    reader = _Reader(source, encoding)
    try:
        root = reader.read()
    except expat.ExpatError as error:
        place = f"line {error.lineno}, column {error.offset + 1}"
        reason = expat.ErrorString(error.code)
        raise DataError(f"no sound XML ({reason}, {place}); expected an SVG drawing") from error
    except (LookupError, ValueError) as error:
        raise DataError(f"its encoding cannot be read ({error}); save it as UTF-8") from error
    if root.tag != "svg":
        raise DataError(f"no SVG drawing: the outermost element is {root.tag[:40]!r}, expected 'svg'")
    return root


def _unpacked(source: bytes) -> bytes:
    """Return what gzip packed, and no more of it than is read.

    Raises:
        DataError: damaged.
    """
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        text = unpacker.decompress(source, LARGEST + 1)
    except zlib.error as error:
        raise DataError(f"damaged: gzip cannot unpack it ({error})") from error
    if len(text) <= LARGEST and not unpacker.eof:
        raise DataError("damaged: what gzip packed ends in the middle")
    return text


class _Reader:
    """Builds the tree while it counts."""

    def __init__(self, source: bytes, encoding: str | None):
        self.source = source
        self.references = source.count(b"&")  # No fewer than there are, whatever the encoding.
        self.elements = 0
        self.open: list[str] = []
        self.builder = TreeBuilder()
        self.expat = expat.ParserCreate(encoding, namespace_separator="}")
        self.expat.buffer_text = True
        # Default attributes of a DTD would multiply with every element.
        self.expat.specified_attributes = True
        self.expat.StartElementHandler = self.start
        self.expat.EndElementHandler = self.end
        self.expat.CharacterDataHandler = self.text
        self.expat.EntityDeclHandler = self.entity

    def read(self) -> Element:
        self.expat.Parse(self.source, True)
        return self.builder.close()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > ELEMENTS:
            raise DataError(f"more than {ELEMENTS} elements; a sketch has fewer")
        if len(self.open) >= DEPTH:
            raise DataError(f"more than {DEPTH} elements inside each other")
        name = name.removeprefix(_SVG)
        if _XLINK_HREF in attributes:
            attributes.setdefault("href", attributes.pop(_XLINK_HREF))
        self.open.append(name)
        self.builder.start(name, attributes)

    def end(self, name: str) -> None:
        self.builder.end(self.open.pop())

    def text(self, text: str) -> None:
        if self.open[-1] == "style":
            self.builder.data(text)

    def entity(self, name: str, is_parameter: bool, value: str | None, *outside: str | None) -> None:
        """Check an entity when it is declared, before anything can grow."""
        if is_parameter or value is None:  # Never expanded, or outside the file: never fetched.
            return
        if _NESTED_ENTITY.search(value):
            raise DataError(f"entity {name[:40]!r} is made of other entities; save the drawing without them")
        if len(value) * self.references > GROWTH:
            raise DataError(f"entity {name[:40]!r} adds more than {GROWTH >> 20} MiB; save the drawing without it")
