"""Parse SVG files into element trees, within limits: the first defense against hostile files.

Internal entities work, as Adobe Illustrator's files need; external ones are never fetched.
"""

import re
import zlib
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from sketchrnn_cli.errors import DataError

MAX_FILE_BYTES = 32 << 20
"""Embedded photographs make some drawings large."""

MAX_ELEMENTS = 100_000
MAX_DEPTH = 500
"""Nested elements."""

MAX_ENTITY_CHARACTERS = 4 << 20
"""Total size of expanded entities."""

_GZIP = b"\x1f\x8b"
_SVG = "http://www.w3.org/2000/svg}"
_XLINK_HREF = "http://www.w3.org/1999/xlink}href"
_NESTED_ENTITY = re.compile(r"&(?!#|(?:amp|lt|gt|quot|apos);)")
_DECLARED_ENCODING = re.compile(rb"""^<\?xml[^>]{0,100}?encoding\s*=\s*["']([-\w]{1,40})["']""")
_MULTIBYTE = ("shift_jis", "windows-31j", "cp932", "euc-jp", "gb2312", "gbk", "gb18030", "big5", "euc-kr")


def parse(source: bytes) -> Element:
    """Return the root element of an SVG file, plain or gzipped (``.svgz``).

    Names in the SVG namespace, or in none, lose it; others stay `namespace}name`. `xlink:href` becomes `href`. Text is
    kept in `style` elements only.

    Raises:
        DataError: too large, not valid XML, entities or nesting beyond the limits, or not SVG.
    """
    if source.startswith(_GZIP):
        source = _decompress(source)
    if len(source) > MAX_FILE_BYTES:
        raise DataError(f"{len(source) >> 20} MiB large; the limit is {MAX_FILE_BYTES >> 20} MiB")
    if not source.strip():
        raise DataError("an empty file; expected an SVG drawing")
    encoding = None
    declared = _DECLARED_ENCODING.match(source)
    if declared and (name := declared[1].decode().lower()) in _MULTIBYTE:
        # Expat itself reads UTF-8, UTF-16 and single-byte encodings.
        source, encoding = source.decode(name, "replace").encode(), "utf-8"
    reader = _Reader(source, encoding)
    try:
        root = reader.read()
    except expat.ExpatError as error:
        place = f"line {error.lineno}, column {error.offset + 1}"
        reason = expat.ErrorString(error.code)
        raise DataError(f"not valid XML ({reason}, {place}); expected an SVG drawing") from error
    except (LookupError, ValueError) as error:
        raise DataError(f"its encoding cannot be read ({error}); save it as UTF-8") from error
    if root.tag != "svg":
        raise DataError(f"not an SVG drawing: the root element is {root.tag[:40]!r}, expected 'svg'")
    return root


def _decompress(source: bytes) -> bytes:
    """Decompress gzip data, up to the size limit.

    Raises:
        DataError: damaged.
    """
    decompressor = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        text = decompressor.decompress(source, MAX_FILE_BYTES + 1)
    except zlib.error as error:
        raise DataError(f"damaged gzip data ({error})") from error
    if len(text) <= MAX_FILE_BYTES and not decompressor.eof:
        raise DataError("truncated gzip data")
    return text


class _Reader:
    """Builds the tree and counts its elements."""

    def __init__(self, source: bytes, encoding: str | None):
        self.source = source
        self.references = source.count(b"&")  # An upper bound, whatever the encoding.
        self.elements = 0
        self.open: list[str] = []
        self.builder = TreeBuilder()
        self.expat = expat.ParserCreate(encoding, namespace_separator="}")
        self.expat.buffer_text = True
        # Default attributes from a DTD would be added to every element.
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
        if self.elements > MAX_ELEMENTS:
            raise DataError(f"more than {MAX_ELEMENTS} elements; a sketch has fewer")
        if len(self.open) >= MAX_DEPTH:
            raise DataError(f"elements nested more than {MAX_DEPTH} deep")
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
        """Check an entity when it is declared, before anything is expanded."""
        if is_parameter or value is None:  # Never expanded, or external and never fetched.
            return
        if _NESTED_ENTITY.search(value):
            raise DataError(f"entity {name[:40]!r} refers to other entities; save the drawing without them")
        if len(value) * self.references > MAX_ENTITY_CHARACTERS:
            raise DataError(
                f"entity {name[:40]!r} adds more than {MAX_ENTITY_CHARACTERS >> 20} MiB; save the drawing without it"
            )
