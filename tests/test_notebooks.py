"""The notebooks run from beginning to end and give what is committed with them; pictures are not compared.

Where answers are meant to change, as with a new model, ``python -m tests.test_notebooks`` writes them anew. Read then
whether the words between them still hold.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.helpers import ROOT, needed

nbformat = needed("nbformat", "integrations")
nbclient = needed("nbclient", "integrations")
needed("ipykernel", "integrations")

NOTEBOOKS = sorted(ROOT.glob("docs/**/*.ipynb"))
LIMIT = 300_000  # bytes of a notebook with its outputs

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Jupyter's own packages


def run(path: Path) -> Any:
    """The notebook with the outputs that it gives in a fresh kernel, in its own folder."""
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(path.parent)}}
    nbclient.NotebookClient(notebook, resources=resources, record_timing=False).execute()
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


def texts(notebook: Any) -> list[str]:
    """What each code cell gives, as text."""
    outputs = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
    return ["".join(out.get("text", "") or out.get("data", {})["text/plain"] for out in outs) for outs in outputs]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_gives_what_is_committed(path: Path) -> None:
    committed = nbformat.read(path, as_version=4)
    assert texts(run(path)) == texts(committed), "python -m tests.test_notebooks writes the outputs anew"
    assert any("image/png" in str(cell) for cell in committed.cells)
    assert path.stat().st_size < LIMIT


if __name__ == "__main__":
    for path in NOTEBOOKS:
        nbformat.write(run(path), path)
