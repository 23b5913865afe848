"""The code is as CONTRIBUTING describes it: commands are thin, modules are short, imports point down."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "sketchrnn_cli"
MODULES = sorted(PACKAGE.rglob("*.py"))
MAX_STATEMENTS = 20
"""In the body of a command, its docstring apart."""
MAX_LINES = 300

LAYERS = (
    {"errors", "wording", "atomic", "foreign", "backend", "caches", "download"},
    {"hparams", "strokes"},
    {"model", "data", "drawing", "recipes", "latent"},
    {"store", "few", "copies", "sketching", "latent_search"},
    {"interop", "training", "installed"},
    {"api", "studio"},
    {"console", "commands"},
    {"cli"},
    {"__main__"},
)
"""From the lowest to the highest; within one, packages may import one another, but not in circles."""


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield node


def statements(function: ast.FunctionDef) -> int:
    """Count the statements of a body at any depth."""
    inside = sum(isinstance(node, ast.stmt) for node in ast.walk(function)) - 1
    return inside - (ast.get_docstring(function) is not None)


@pytest.mark.parametrize("path", sorted((PACKAGE / "commands").rglob("*.py")), ids=lambda path: path.stem)
def test_a_command_reads_makes_one_call_and_reports(path: Path) -> None:
    long = {function.name: statements(function) for function in functions(path)}
    assert {name: count for name, count in long.items() if count > MAX_STATEMENTS} == {}


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    lines = {str(path.relative_to(PACKAGE)): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: count for name, count in lines.items() if count > MAX_LINES} == {}


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_of(path) for path in MODULES}


def imports(path: Path, nested: bool) -> set[str]:
    """Return the modules of ours that a module imports: at its top, or with `nested` anywhere but for type checkers."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found, waiting = set(), list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("sketchrnn_cli"):
            full = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in NAMES else node.module for name in full}
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
        elif nested or isinstance(node, ast.If | ast.Try | ast.With):
            waiting += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.AST)]
    return found


def package(module: str) -> str:
    return module.split(".")[1] if "." in module else module


def test_imports_point_down() -> None:
    layer = {name: number for number, names in enumerate(LAYERS) for name in names}
    upward = []
    for path in MODULES:
        own = name_of(path)
        if own == "sketchrnn_cli":
            continue  # It names the public ones, each imported when it is used.
        for other in imports(path, nested=True) - {"sketchrnn_cli"}:
            if layer[package(other)] > layer[package(own)]:
                upward.append(f"{own} -> {other}")
    assert upward == []


def without_leaves(edges: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return the part of a graph that lies on or leads to a circle."""
    edges = dict(edges)
    while leaves := {name for name, others in edges.items() if not others & set(edges)}:
        edges = {name: others for name, others in edges.items() if name not in leaves}
    return edges


def test_neither_packages_nor_modules_import_one_another_in_circles() -> None:
    modules = {name_of(path): imports(path, nested=False) - {"sketchrnn_cli"} for path in MODULES}
    packages: dict[str, set[str]] = {}
    for name, others in modules.items():
        packages.setdefault(package(name), set()).update(map(package, others - {name}))
    assert without_leaves({name: others - {name} for name, others in packages.items()}) == {}
    assert without_leaves({name: others - {name} for name, others in modules.items()}) == {}
