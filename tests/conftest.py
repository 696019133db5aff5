from __future__ import annotations

from pathlib import Path

import pytest

import secclass

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def tagger() -> secclass.Tagger:
    return secclass.load()


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the real sentences are not part of the repository; they were not found beside it")
    return SHARED
