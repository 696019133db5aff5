"""The Python of README and how-to pages runs and prints what the pages say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers import ROOT, needed, run_page

NEEDS = {  # packages beside secclass's own, and the extra that brings them
    "README.md": {"pandas": "frames", "narwhals": "frames", "spacy": "spacy", "matplotlib": "plots"},
    "docs/how-to/data-frames.md": {"narwhals": "frames", "pandas": "frames", "polars": "integrations"},
    "docs/how-to/many-documents.md": {"tqdm": "progress"},
    "docs/how-to/plots.md": {"matplotlib": "plots"},
    "docs/how-to/spacy.md": {"spacy": "spacy"},
}
ELSEWHERE = {"docs/how-to/dask-and-spark.md"}  # runs in test_clusters.py


def test_every_page_is_run() -> None:
    pages = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/how-to/*.md")}
    assert {"README.md", *pages} == NEEDS.keys() | ELSEWHERE


@pytest.mark.parametrize("page", NEEDS)
def test_page_prints_what_it_says(page: str, tmp_path: Path) -> None:
    for module, extra in NEEDS[page].items():
        needed(module, extra)
    run_page(page, tmp_path)


def test_a_page_that_prints_something_else_fails(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```python\nprint(1)\n```\n\nprints\n\n```\n2\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError):
        run_page(str(page), tmp_path)
