"""The README's Python runs and prints what the README says."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
# A python block, and the plain block that may follow it with at most the word "prints" between.
BLOCKS = re.findall(r"```python\n(.*?)```\n(?:\s*(?:prints\s*)?```\n(.*?)```)?", TEXT, re.DOTALL)


def test_readme_code_prints_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    namespace: dict[str, object] = {}
    compared = 0
    for code, expected in BLOCKS:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "README.md", "exec"), namespace)
        if expected:
            assert printed.getvalue() == expected
            compared += 1
    assert compared == 3
