"""The tour runs from its first cell to its last, and its pictures show themselves."""

from pathlib import Path

import pytest

nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed: pip install '.[test]'")
nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed: pip install '.[test]'")
TOUR = Path(__file__).with_name("tour.ipynb")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::ResourceWarning")
def test_the_tour_runs_and_its_sheets_show_themselves(tmp_path: Path) -> None:
    notebook = nbformat.read(TOUR, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "the tour is committed without its outputs"
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [output.data for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output]
    assert sum("image/svg+xml" in data for data in shown) == 5
    assert (tmp_path / "cats.gif").read_bytes().startswith(b"GIF89a")
    printed = [output.text for cell in notebook.cells for output in cell.get("outputs", []) if "text" in output]
    assert "ValidationReport 4" in "".join(printed)
