from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import secclass

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def tagger() -> secclass.Tagger:
    return secclass.load()


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Children obey SIGINT also where the tests run with it ignored, as a shell does for what it starts by "&"."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the real sentences are not part of the repository; they were not found beside it")
    return SHARED
