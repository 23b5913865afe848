"""SVG files made to hang a reader or to eat its memory: each ends in a line, in a process with little of both."""

import subprocess
import sys
from pathlib import Path

import pytest

START = '<svg xmlns="http://www.w3.org/2000/svg" fill="none" stroke="red">'
LINE = '<path d="M0 0L10 0"/>'


def uses(copies: int, levels: int) -> str:
    groups = (f'<g id="a{i}">' + f'<use href="#a{i - 1}"/>' * copies + "</g>" for i in range(1, levels))
    return f'{START}<g id="a0">{LINE}</g>{"".join(groups)}</svg>'


def entities(copies: int, levels: int) -> str:
    nested = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * copies}">' for i in range(1, levels))
    return f'<!DOCTYPE svg [<!ENTITY a0 "L1 1">{nested}]>{START}<path d="M0 0&a{levels - 1};"/></svg>'


def one_large_entity(size: int, times: int) -> str:
    return f'<!DOCTYPE svg [<!ENTITY a "{"L1 1" * size}">]>{START}<path d="M0 0{"&a;" * times}"/></svg>'


def many_rules(rules: int, elements: int) -> str:
    return f"{START}<style>{'.a * {fill: red}' * rules}</style><g class='a'>{LINE * elements}</g></svg>"


REFUSED = {
    "a use of uses of uses": (uses(4, 12), "`use` elements draw more than"),
    "a use of uses in great width": (uses(30, 5), "`use` elements draw more than"),
    "an entity of entities": (entities(10, 10), "entity 'a1' refers to other entities"),
    "a large entity many times": (one_large_entity(10_000, 10_000), "adds more than"),
    "elements in elements": (START + "<g>" * 50_000, "nested more than"),
    "elements beside elements": (START + "<g/>" * 200_000 + "</svg>", "more than 100000 elements"),
    "a chain of uses": (
        START + "".join(f'<g id="b{i}"><use href="#b{i + 1}"/></g>' for i in range(2000)) + "</svg>",
        "nested more than",
    ),
    "a million points": (START + f'<polyline points="{"1 2 3,4 " * 500_000}"/></svg>', "lines and curves"),
    "a million points by arcs": (START + f'<path d="M0 0{"a9 9 0 1 1 9 0" * 300_000}"/></svg>', "lines and curves"),
    "a million points by curves": (START + '<path d="M0 0' + "C9 9e7 9 -9e7 9 0" * 90_000 + '"/></svg>', "points"),
    "coordinates out of this world": (START + '<path d="M0 0L1e30 5"/></svg>', "a coordinate beyond"),
    "rules for everything": (many_rules(2000, 2000), "style sheet is too large"),
    "frames within frames": (
        START + "<svg width='9' height='9'>" * 400 + LINE * 100 + "</svg>" * 401,
        "lines in nested viewports",
    ),
    "an entity outside the file": (
        '<!DOCTYPE svg [<!ENTITY a SYSTEM "secret.txt">]>' + START + "&a;</svg>",
        "no visible",
    ),
    "a use of itself": (START + '<use id="a" href="#a"/></svg>', "no visible"),
    "digits without end": (START + f'<path d="M0 0L{"9" * 300_000} 5"/></svg>', "a coordinate beyond"),
    "signs without end": (START + f'<path d="M0 0L{"-" * 300_000} 5"/></svg>', "no visible"),
    "a transform never closed": (START + f'<g transform="{"a" * 300_000}">' + "</g></svg>", "no visible"),
    "a rule never closed": (f"{START}<style>{'a{' * 100_000}</style></svg>", "no visible"),
    "comments never closed": (f"{START}<style>{'/*' * 300_000}</style></svg>", "no visible"),
}

READ = {
    "a transform without end": START + f'<g transform="{"scale(2)" * 50_000}">{LINE}</g></svg>',
    "a symbol of itself": START + f'<symbol id="s">{LINE}<use href="#s"/></symbol><use href="#s"/></svg>',
    "two of each other": START + f'<g id="a">{LINE}<use href="#b"/></g><g id="b"><use href="#a"/></g></svg>',
    "a use of what it is in": START + f'<g id="a">{LINE}<use href="#a"/></g></svg>',
    "a use of everything": f'<svg id="a"{START[4:]}{LINE}<use href="#a"/></svg>',
}

CHILD = """
import resource, sys
from pathlib import Path
from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes.svg.reader import read_svg

resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in map(Path, sys.argv[1:]):
    try:
        print(path.name, "drawn", len(read_svg(path).polylines))
    except DataError as error:
        print(path.name, error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // (1024 if sys.platform == "linux" else 1 << 20))
"""


def test_hostile_files_end_in_a_line_each_with_little_memory(tmp_path: Path) -> None:
    pytest.importorskip("resource", reason="this system cannot limit a process")
    (tmp_path / "secret.txt").write_text(LINE)
    for number, source in enumerate([source for source, _ in REFUSED.values()] + list(READ.values())):
        (tmp_path / f"{number}.svg").write_text(source)
    names = [f"{number}.svg" for number in range(len(REFUSED) + len(READ))]
    command = [sys.executable, "-W", "error", "-c", CHILD, *names]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    *said, megabytes = done.stdout.splitlines()
    for line, (case, (_, reason)) in zip(said, REFUSED.items(), strict=False):
        assert reason in line, case
    for line, case in zip(said[len(REFUSED) :], READ, strict=True):
        assert " drawn " in line, case
    assert int(megabytes) < 200


def test_the_bombs_are_small() -> None:
    assert len(uses(4, 12)) < 1200
    assert len(entities(10, 10)) < 1200
