"""What several test files need: packages that may be missing, seeds to train on, and pages whose code must run."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from secclass.__main__ import main

ROOT = Path(__file__).resolve().parent.parent
OPENINGS: list[tuple[str, list[str]]] = [
    ("They agreed to fight", ["agreement"]),
    ("States must stop", ["proposal"]),
    ("The gravest threat is", ["assessment"]),
    ("He saw", []),
]
# A python block, and the plain block that may follow it with at most the word "prints" between; or a command that
# trains on a file of docs/, whose model later blocks use.
BLOCKS = re.compile(
    r"```python\n(.*?)```\n(?:\s*(?:prints\s*)?```\n(.*?)```)?|```\nsecclass (train docs/.*?)\n```", re.DOTALL
)


def needed(module: str, extra: str) -> Any:
    """The module, or else a skip; a failure where the environment says SECCLASS_TESTS=all, as CI does."""
    try:
        return importlib.import_module(module)
    except ImportError:
        missing = f"{module} is not installed: pip install 'secclass[{extra}]'"
    if os.environ.get("SECCLASS_TESTS") == "all":
        pytest.fail(missing)
    pytest.skip(missing, allow_module_level=True)


def few_seeds(seeds: Path) -> Path:
    """A seed directory of a small lexicon, and sentences made of its expressions: enough to train on."""
    rows = []
    for path in sorted((ROOT / "seeds" / "en" / "lexicon").glob("*/*.txt")):
        lines = path.read_text(encoding="utf-8").splitlines()
        entries = [line for line in lines if line and line[0] not in "#?!/" and "&" not in line][:10]
        copy = seeds / "lexicon" / path.relative_to(ROOT / "seeds" / "en" / "lexicon")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text("\n".join(entries), encoding="utf-8")
        for number, entry in enumerate(entries if copy.parent.name == "crimes" else []):
            words = " ".join(word.split("|")[0].rstrip("~+") for word in entry.split("#")[0].split())
            opening, stances = OPENINGS[number % len(OPENINGS)]
            rows.append({"text": f"{opening} {words}.", "crimes": [path.stem], "stances": stances, "natural": True})
    (seeds / "few.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return seeds


def run_page(page: str, folder: Path) -> dict[str, Any]:
    """Run all Python of a page, in an empty folder with docs/ in it, and see that it prints what the page says.

    Gives the names that the page has defined.
    """
    namespace: dict[str, Any] = {}
    blocks = BLOCKS.findall((ROOT / page).read_text(encoding="utf-8"))
    assert blocks, f"{page} has no Python"
    with pytest.MonkeyPatch.context() as patch:
        (folder / "docs").symlink_to(ROOT / "docs")
        patch.chdir(folder)
        patch.setenv("MPLBACKEND", "Agg")
        for code, expected, command in blocks:
            if command:
                assert main(shlex.split(command)) == 0
                continue
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(code, page, "exec"), namespace)
            assert printed.getvalue() == expected, f"{page}: {code}"
    return namespace
