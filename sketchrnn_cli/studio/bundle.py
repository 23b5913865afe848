"""Bundle ES modules into one script: browsers do not load modules from file: URLs.

Each module becomes a function that is called once, in import order, so that names do not collide. Features that our
modules do not use are refused: renamed or default imports and exports, import cycles, third-party imports.
"""

import re
from pathlib import Path

IMPORT = re.compile(r"^import \{([^}]*)\} from '(\.\.?/[\w./-]+\.js)';$", re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) ([\w$]+))", re.MULTILINE)
LEFT_OVER = re.compile(r"^\s*(?:import\b(?!\.)|export\b).*$", re.MULTILINE)


def bundle(entry: Path, as_module: bool = False) -> str:
    """Return the script of a module and all its imports.

    Args:
        entry: the entry module; modules are identified by file name.
        as_module: whether the script keeps the entry module's exports; otherwise it exports nothing.

    Raises:
        ValueError: an import or export that is not supported.
    """
    parts: list[str] = []
    _join(entry, parts, done={}, path=())
    if as_module:
        names = EXPORT.findall(entry.read_text(encoding="utf-8"))
        parts.append(f"export const {{ {', '.join(names)} }} = {_variable(entry)};\n")
    return "\n".join(parts)


def _join(module: Path, parts: list[str], done: dict[str, set[str]], path: tuple[str, ...]) -> None:
    """Append a module after its imports; `done` holds the exports of each."""
    if module.name in done:
        return
    if module.name in path:
        raise ValueError(f"{' -> '.join([*path, module.name])}: an import cycle")
    source = module.read_text(encoding="utf-8")

    def take(found: re.Match[str]) -> str:
        wanted = [name.strip() for name in found[1].split(",") if name.strip()]
        other = module.parent / found[2]
        _join(other, parts, done, (*path, module.name))
        if missing := set(wanted) - done[other.name]:
            raise ValueError(f"{module.name}: {other.name} exports no {', '.join(sorted(missing))}")
        return f"const {{ {', '.join(wanted)} }} = {_variable(other)};"

    names = EXPORT.findall(source)
    body = EXPORT.sub("", IMPORT.sub(take, source))
    if left := LEFT_OVER.search(_without_comments(body)):
        raise ValueError(f"{module.name}: {left[0].strip()!r} is not supported")
    parts.append(f"const {_variable(module)} = (() => {{\n{body}\nreturn {{ {', '.join(names)} }};\n}})();")
    done[module.name] = set(names)


def _without_comments(source: str) -> str:
    return re.sub(r"/\*.*?\*/|^\s*//.*$", "", source, flags=re.DOTALL | re.MULTILINE)


def _variable(module: Path) -> str:
    return "$" + re.sub(r"\W", "_", module.stem)
