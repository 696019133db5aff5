"""What secclass may cost others: modules loaded, bytes on disk, memory, calls. Counted, not timed."""

from __future__ import annotations

import itertools
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import secclass
from secclass import Tagger, _store
from secclass._data import read_labelled

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = str(Path(secclass.__file__).parent)
MEGABYTE = 1_000_000
OWN = {
    *("_archive", "_characters", "_company", "_cues", "_features", "_frames", "_lexicon", "_linear", "_manifest"),
    *("_names", "_network", "_operating", "_scope", "_spelling", "_store", "_stream", "_table", "_text"),
    *("_tokens", "_validated", "_views", "errors", "labels", "results", "tagger"),
}


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [row.text for row in read_labelled(ROOT / "seeds" / "en")][::20]


def test_a_process_that_tags_loads_no_more_than_it_needs() -> None:
    code = (
        "import sys, numpy; before = {*sys.modules}; import secclass; secclass.tag('They agreed to fight fraud.');"
        "print(*{*sys.modules} - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    tops = {name.partition(".")[0] for name in loaded}
    assert {name for name in tops if name not in sys.stdlib_module_names} <= {"numpy", "secclass", "sentencex"}
    assert {name.removeprefix("secclass.") for name in loaded if name.startswith("secclass.")} == OWN
    # Of numpy nothing that it does not load by itself, but for names of types.
    assert all("typing" in name for name in loaded if name.startswith("numpy"))
    assert not tops & {"html", "argparse", "asyncio", "concurrent", "email", "http", "multiprocessing", "socket"}
    assert not tops & {"csv", "logging", "signal"}


def test_the_shipped_model_is_small() -> None:
    files = {path.name: path.read_bytes() for path in _store.find("en").iterdir()}
    assert files.keys() == {"arrays.npz", "card.md", "manifest.json", "manifest.sha256"}
    assert sum(map(len, files.values())) < 6.5 * MEGABYTE
    assert sum(len(zlib.compress(data)) for data in files.values()) < 3.8 * MEGABYTE  # in the wheel, beside 0.2 of code


def peak(action: Callable[[], object]) -> int:
    """Most bytes that were taken at any time while this was done, beyond those that were taken before."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_loading_takes_little_more_than_the_model(tagger: Tagger) -> None:
    size = (_store.find("en") / "arrays.npz").stat().st_size
    assert peak(lambda: _store.read(_store.find("en"))) < 3 * size


def test_memory_of_a_batch_is_bounded(tagger: Tagger, texts: list[str]) -> None:
    batch = list(itertools.islice(itertools.cycle(texts), 512))
    tagger.tag_sentences(batch)
    assert peak(lambda: tagger.tag_sentences(batch)) < 26 * MEGABYTE


def test_memory_of_a_stream_does_not_grow(tagger: Tagger, texts: list[str]) -> None:
    def run(count: int) -> int:
        documents = tagger.stream(itertools.islice(itertools.cycle(texts), count))
        return peak(lambda: sum(map(len, documents)))

    run(512)
    assert run(4096) < 1.1 * run(1024)


def calls(action: Callable[[], object]) -> int:
    """How many calls the code of secclass makes, of its own functions and of all others."""
    count = 0

    def counted(frame: FrameType | None, event: str, _: Any) -> None:
        nonlocal count
        caller = frame if event == "c_call" else frame.f_back if frame and event == "call" else None
        count += caller is not None and caller.f_code.co_filename.startswith(PACKAGE)

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        action()
    finally:
        sys.setprofile(before)
    return count


def test_calls_for_one_sentence_and_for_more(tagger: Tagger, texts: list[str]) -> None:
    """A sentence more in a batch costs what its result objects cost; numpy is called for the batch."""
    some = [text for text in texts if 60 < len(text) < 200][:101]
    one, many = (calls(lambda part=part: tagger.tag_sentences(part)) for part in (some[:1], some))  # type: ignore[misc]

    assert one < 1250
    assert many - one < 100 * 36
