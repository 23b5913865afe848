"""The part of CSS that decides what is visible in an SVG, and where: style sheets, `style` attributes, inheritance.

Selectors: type, `*`, `.class`, `#id`, and both of these combined as descendants or children. Rules with other selectors
and at-rules are skipped. Matching takes time proportional to elements and rules, whatever the selectors.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from sketchrnn_cli.errors import DataError

MAX_STYLE_CHARACTERS = 1 << 20
"""Of all style sheets of a file."""

MAX_SELECTOR_TRIALS = 3_000_000
"""Compound selectors tried on elements."""

_PAINTING = {
    "visibility",
    "fill",
    "fill-opacity",
    "stroke",
    "stroke-opacity",
    "stroke-width",
    "stroke-linecap",
    "color",
}
"""Properties that inherit."""

_GEOMETRY = {"d", "x", "y", "width", "height", "cx", "cy", "r", "rx", "ry"}
_APPLIED = _PAINTING | _GEOMETRY | {"display", "opacity", "transform", "transform-origin", "overflow"}
_APPLIED |= {"clip-path", "mask", "clip-rule", "fill-rule", "marker", "marker-start", "marker-mid", "marker-end"}
_COMPOUND = re.compile(r"(\*|[-\w]+)?((?:[.#][-\w]+)*)")
_ALPHA = re.compile(r"(?:rgb|hsl)a?\((?:[^,/]*,[^,/]*,[^,/]*,|[^,/]*/)([^,/]*)\)")

WHITE = {"white", "#fff", "#ffffff", "#ffff", "#ffffffff", "rgb(255,255,255)", "rgb(100%,100%,100%)",
         "rgba(255,255,255,1)", "hsl(0,0%,100%)"}  # fmt: skip

Declarations = dict[str, str]


@dataclass(frozen=True)
class _Part:
    """One compound selector, such as `g.hidden`, and its place in the whole selector."""

    tag: str
    names: frozenset[str]
    """Classes with their dot and ids with their hash, all of which an element must have."""
    child_of: bool
    """Whether the part before must match the parent; else any ancestor."""
    rule: int
    place: int
    last: bool


@dataclass(frozen=True)
class _Rule:
    specificity: tuple[int, int, int]
    declarations: Declarations
    important: Declarations


class Styles:
    """The style sheets of a document, matched with its elements."""

    def __init__(self, root: Element):
        rules, parts = _rules(_sheets(root))
        self._matched = _match(root, rules, parts) if rules else {}

    def values(self, element: Element) -> Mapping[str, str]:
        """Return an element's attributes, overridden by CSS."""
        normal, important = self._matched.get(element, ({}, {}))
        if not normal and not important and "style" not in element.attrib:
            return element.attrib
        own, own_important = _declarations(element.get("style", ""))
        return element.attrib | normal | own | important | own_important


def inherit(parent: Mapping[str, str], values: Mapping[str, str]) -> Mapping[str, str]:
    """Return the inherited properties of an element inside `parent`."""
    own = {name: values[name].strip() for name in _PAINTING & values.keys()}
    if not own:
        return parent
    style = dict(parent)
    for name, value in own.items():
        if value in ("initial", "unset") and (value == "initial" or name not in parent):
            style.pop(name, None)
        elif value not in ("", "inherit", "unset"):
            style[name] = value
    return style


def is_rendered(values: Mapping[str, str]) -> bool:
    """Return whether an element and its descendants can be visible."""
    return values.get("display", "").strip() != "none" and not _is_zero(values.get("opacity", "1"))


def paints(style: Mapping[str, str], name: str) -> bool:
    """Return whether the "fill" or "stroke" of an element with the inherited `style` is visible."""
    if style.get("visibility", "visible") != "visible" or _is_zero(style.get(f"{name}-opacity", "1")):
        return False
    if name == "stroke" and _is_zero(style.get("stroke-width", "1")):
        return False
    return not _is_transparent(paint(style, name))


def paint(style: Mapping[str, str], name: str) -> str:
    """Return the "fill" or "stroke" of the inherited `style`, in lower case and without spaces."""
    value = style.get(name, "black" if name == "fill" else "none").lower()
    return "".join((style.get("color", "black").lower() if value == "currentcolor" else value).split())


def is_white(paint: str) -> bool:
    """Return whether a paint, in lower case and without spaces, is white."""
    return paint in WHITE


def _is_transparent(paint: str) -> bool:
    if paint.startswith("#"):
        return len(paint) in (5, 9) and set(paint[-(len(paint) // 4) :]) == {"0"}
    alpha = _ALPHA.fullmatch(paint)
    return paint in ("none", "transparent") or (alpha is not None and _is_zero(alpha[1]))


def _is_zero(text: str) -> bool:
    number = re.match(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)", text)
    return number is not None and float(number[1]) <= 0


def _sheets(root: Element) -> str:
    texts = [
        sheet.text or ""
        for sheet in root.iter("style")
        if sheet.get("type", "text/css") in ("", "text/css") and "print" not in sheet.get("media", "")
    ]
    if sum(map(len, texts)) > MAX_STYLE_CHARACTERS:
        raise DataError(f"more than {MAX_STYLE_CHARACTERS >> 20} MiB of style sheets")
    return "\n".join(texts)


def _rules(sheet: str) -> tuple[list[_Rule], list[_Part]]:
    rules: list[_Rule] = []
    parts: list[_Part] = []
    for prelude, block in _blocks(_without_comments(sheet)):
        declarations, important = _declarations(block)
        if not declarations and not important:
            continue
        for selector in prelude.split(","):
            if compounds := _selector(selector, len(rules)):
                parts += compounds
                names = [name[0] for part in compounds for name in part.names]
                tags = sum(part.tag != "*" for part in compounds)
                rules.append(_Rule((names.count("#"), names.count("."), tags), declarations, important))
    return rules, parts


def _blocks(sheet: str) -> Iterator[tuple[str, str]]:
    """Yield selectors and declarations of each rule outside at-rules."""
    depth, prelude, block = 0, "", ""
    for token in re.split(r"([{}])", sheet):
        if token == "{":
            depth += 1
        elif token == "}":
            depth = max(depth - 1, 0)
            if depth == 0 and prelude and not prelude.startswith("@"):
                yield prelude, block
            if depth == 0:
                prelude = ""
        elif depth == 0:
            prelude = token.rpartition(";")[2].strip()  # What a semicolon ends is an at-rule without a block.
        else:
            block = token


def _selector(text: str, rule: int) -> list[_Part]:
    """Return the parts of a selector, or nothing where it is of another kind."""
    words = text.replace(">", " > ").split()
    compounds: list[tuple[str, frozenset[str], bool]] = []
    child_of = False
    for word in words:
        if word == ">":
            child_of = True
            continue
        if not (match := _COMPOUND.fullmatch(word)):
            return []
        compounds.append((match[1] or "*", frozenset(re.findall(r"[.#][-\w]+", match[2])), child_of))
        child_of = False
    if not compounds or child_of or compounds[0][2]:
        return []
    final = len(compounds) - 1
    return [_Part(*compound, rule, place, place == final) for place, compound in enumerate(compounds)]


def _match(root: Element, rules: list[_Rule], parts: list[_Part]) -> dict[Element, tuple[Declarations, Declarations]]:
    """Return what the rules declare for each element that one matches: normal, then important."""
    by_name = defaultdict(list)
    for part in parts:
        by_name[min(part.names, default=part.tag)].append(part)
    found: dict[Element, tuple[Declarations, Declarations]] = {}
    trials = 0
    nothing: frozenset[tuple[int, int]] = frozenset()
    pending = [(root, nothing, nothing)]  # The selectors' beginnings that end at the parent, and at any ancestor.
    while pending:
        element, at_parent, above = pending.pop()
        names = {f".{name}" for name in element.get("class", "").split()} | {f"#{element.get('id', '')}"}
        hits = []
        begun = set()
        for part in (part for name in (*names, element.tag, "*") for part in by_name.get(name, ())):
            trials += 1
            before = (part.rule, part.place - 1)
            if part.tag not in ("*", element.tag) or not part.names <= names:
                continue
            if part.place and before not in (at_parent if part.child_of else above):
                continue
            if part.last:
                hits.append(part.rule)
            else:
                begun.add((part.rule, part.place))
        if trials > MAX_SELECTOR_TRIALS:
            raise DataError("its style sheet is too large for so many elements")
        if hits:
            hits.sort(key=lambda rule: (rules[rule].specificity, rule))
            normal: Declarations = {}
            important: Declarations = {}
            for rule in hits:
                normal |= rules[rule].declarations
                important |= rules[rule].important
            found[element] = (normal, important)
        here = frozenset(begun) if begun else nothing
        inside = above | here if begun else above
        pending += [(child, here, inside) for child in element]
    return found


def _declarations(text: str) -> tuple[Declarations, Declarations]:
    """Return the properties that matter here: normal ones, and those marked !important."""
    normal: Declarations = {}
    important: Declarations = {}
    for declaration in _without_comments(text).split(";"):
        name, _, value = declaration.partition(":")
        if (name := name.strip().lower()) in _APPLIED and (value := value.strip()):
            value, marked, _ = value.partition("!")
            (important if marked else normal)[name] = value.strip()
    return normal, important


def _without_comments(text: str) -> str:
    first, *rest = text.replace("<!--", " ").replace("-->", " ").split("/*")
    return " ".join([first, *(piece.partition("*/")[2] for piece in rest)])
