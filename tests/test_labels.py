from __future__ import annotations

import json
import re
from pathlib import Path

from secclass import CrimeType, Stance

CODEBOOK = Path(__file__).resolve().parent.parent / "docs" / "codebook.md"


def test_order_is_that_of_the_codebook() -> None:
    table = re.findall(r"^### (\d+)\. `(\w+)`", CODEBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for _, name in table] == [label.value for label in CrimeType]
    assert [label.value for label in Stance] == ["proposal", "agreement", "assessment"]


def test_members_are_strings_with_title_and_definition() -> None:
    for label in (*CrimeType, *Stance):
        assert label == label.value
        assert str(label) == f"{label}" == label.value
        assert json.dumps(label) == f'"{label.value}"'
        assert label.title[0].isupper()
        assert label.definition.endswith(".")
    assert CrimeType("telecom_fraud") is CrimeType.TELECOM_FRAUD
