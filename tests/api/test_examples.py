"""Each public name shows an example in its docstring, and the example does what it shows."""

import doctest
from pathlib import Path

import pytest

import sketchrnn_cli as sketchrnn
from sketchrnn_cli.data import archive, doodles


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    archive.write(Path("datasets/doodle_cat.npz"), doodles.doodles("cat", 20, 0), "made by a test")


@pytest.mark.parametrize("name", sketchrnn.__all__)
def test_the_example_of_a_public_name_runs(name: str) -> None:
    text = getattr(sketchrnn, name).__doc__
    example = doctest.DocTestParser().get_doctest(text, {"sketchrnn": sketchrnn}, name, None, None)
    assert example.examples
    said: list[str] = []
    failed = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append).failed
    assert failed == 0, "".join(said)


def test_the_example_of_a_model_uses_every_function_it_has() -> None:
    functions = [name for name, value in vars(sketchrnn.Model).items() if callable(value) and not name.startswith("_")]
    assert [name for name in functions if f".{name}(" not in (sketchrnn.Model.__doc__ or "")] == []
