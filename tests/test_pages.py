"""The code of README and docs runs and prints what the pages say, and README leads to all of it."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import re
import shlex
from pathlib import Path

import pytest

from secclass.__main__ import _parser, main
from tests.helpers import ROOT, needed, run_page

NEEDS: dict[str, dict[str, str]] = {  # packages beside secclass's own, and the extra that brings them
    "README.md": {"pandas": "frames", "narwhals": "frames", "spacy": "spacy", "matplotlib": "plots"},
    "docs/how-to/data-frames.md": {"narwhals": "frames", "pandas": "frames", "polars": "integrations"},
    "docs/how-to/own-labels.md": {},
    "docs/how-to/many-documents.md": {"tqdm": "progress"},
    "docs/how-to/plots.md": {"matplotlib": "plots"},
    "docs/how-to/spacy.md": {"spacy": "spacy"},
    "docs/reference/errors.md": {},
    "docs/reference/labels.md": {},
    "docs/trust.md": {},
}
ELSEWHERE = {"docs/how-to/dask-and-spark.md"}  # runs in test_clusters.py
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", ROOT / "SECURITY.md", *ROOT.glob("docs/**/*.md"))
}
COMMANDS = sorted({line for text in PAGES.values() for line in re.findall(r"^secclass [a-z].*$", text, re.MULTILINE)})
REPORT = "They met. They agreed to fight telecom fraud."


def test_every_page_with_python_is_run() -> None:
    assert {page for page, text in PAGES.items() if "```python" in text} == NEEDS.keys() | ELSEWHERE


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "report.txt").write_text(REPORT, encoding="utf-8")
    (tmp_path / "reports.csv").write_text(f"year,body\n2026,{REPORT}\n", encoding="utf-8")
    gold = {"text": REPORT, "crimes": ["telecom_fraud"], "stances": ["agreement"]}
    (tmp_path / "gold.jsonl").write_text(json.dumps(gold), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    arguments = [word for word in shlex.split(command, comments=True)[1:] if not word.startswith(">")]
    if arguments[0] == "train":  # takes minutes
        _parser().parse_args(arguments)
    else:
        assert main(arguments) == 0


def test_commands_are_found() -> None:
    assert {command.split()[1] for command in COMMANDS} == {"tag", "explain", "labels", "train", "evaluate"}


def test_the_command_line_page_has_every_option() -> None:
    sections = re.split(r"^## `secclass (\w+).*$", PAGES["docs/reference/command-line.md"], flags=re.MULTILINE)[1:]
    told = dict(zip(sections[::2], sections[1::2], strict=True))
    (commands,) = (action for action in _parser()._actions if isinstance(action, argparse._SubParsersAction))
    assert told.keys() == commands.choices.keys()
    for name, parser in commands.choices.items():
        options = {option for action in parser._actions for option in action.option_strings} - {"-h", "--help"}
        assert set(re.findall(r"`(--[a-z-]+)[ `]", told[name])) == options


def test_extras_that_are_named_exist() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "secclass").glob("*.py")]
    named = {extra for text in (*PAGES.values(), *sources) for extra in re.findall(r"secclass\[([a-z,]+)\]", text)}
    named |= {extra for text in sources for extra in re.findall(r'optional\("([a-z]+)"', text)}
    extras = importlib.metadata.metadata("secclass").get_all("Provides-Extra") or []
    assert (
        {"frames", "plots", "progress", "spacy"} <= {extra for item in named for extra in item.split(",")} <= {*extras}
    )


def test_readme_leads_to_every_guide_and_notebook() -> None:
    linked = set(re.findall(r"\]\((docs/[^)#]+)", PAGES["README.md"]))
    guides = {page for page in PAGES if page.startswith("docs/how-to/")}
    notebooks = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/**/*.ipynb")}
    assert guides | notebooks <= linked


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
