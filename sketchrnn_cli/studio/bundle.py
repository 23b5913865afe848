"""Join ES modules to one script: browsers load no module from a file on the disk.

Each module becomes a function that is called once, in order of import, so that names of one never meet those of
another. What our modules do not use is refused: renamed or default imports and exports, circles, imports of others.
"""

import re
from pathlib import Path

IMPORT = re.compile(r"^import \{([^}]*)\} from '(\.\.?/[\w./-]+\.js)';$", re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) ([\w$]+))", re.MULTILINE)
LEFT_OVER = re.compile(r"^\s*(?:import\b(?!\.)|export\b).*$", re.MULTILINE)


def bundle(entry: Path, as_module: bool = False) -> str:
    """Return the script of a module and all it imports.

    Args:
        entry: the module to begin with; modules are told apart by their files' names.
        as_module: whether the script goes on exporting what the module does, else it exports nothing.

    Raises:
        ValueError: a module imports or exports in a way that is not joined here.
    """
    parts: list[str] = []
    _join(entry, parts, done={}, path=())
    if as_module:
        names = EXPORT.findall(entry.read_text(encoding="utf-8"))
        parts.append(f"export const {{ {', '.join(names)} }} = {_variable(entry)};\n")
    return "\n".join(parts)


def _join(module: Path, parts: list[str], done: dict[str, set[str]], path: tuple[str, ...]) -> None:
    """Add a module behind those that it imports; `done` holds what each exports."""
    if module.name in done:
        return
    if module.name in path:
        raise ValueError(f"{' -> '.join([*path, module.name])}: modules that import each other")
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
        raise ValueError(f"{module.name}: {left[0].strip()!r} is not joined here")
    parts.append(f"const {_variable(module)} = (() => {{\n{body}\nreturn {{ {', '.join(names)} }};\n}})();")
    done[module.name] = set(names)


def _without_comments(source: str) -> str:
    return re.sub(r"/\*.*?\*/|^\s*//.*$", "", source, flags=re.DOTALL | re.MULTILINE)


def _variable(module: Path) -> str:
    return "$" + re.sub(r"\W", "_", module.stem)
