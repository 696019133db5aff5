"""The same answer, bit for bit, however the work is cut, ordered, shared out and moved."""

from __future__ import annotations

import multiprocessing
import pickle
import random
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

import secclass
from secclass import Document, Sentence, Tagger, _store
from secclass import tagger as tagger_module
from secclass._data import read_labelled
from tests.fuzz.models import freshly_loaded
from tests.fuzz.properties import PIECES

SEEDS = Path(__file__).resolve().parent.parent / "seeds" / "en" / "natural_news.jsonl"


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Four hundred sentences, short and long, plain and odd."""
    chance = random.Random(4)
    prose = [row.text for row in read_labelled(SEEDS)]
    odd = ["".join(chance.choices(PIECES, k=chance.randrange(80))) for _ in range(100)]
    return [*chance.sample(prose, 100), *odd, *(" ".join(chance.sample(prose, 5)) for _ in range(10)), "", "x" * 30_000]


@pytest.fixture(scope="module")
def expected(tagger: Tagger, texts: list[str]) -> list[Sentence]:
    """Each tagged alone."""
    return [tagger.tag_sentences([text])[0] for text in texts]


def scores(sentence: Sentence) -> tuple[str, ...]:
    """All scores of a sentence to the last bit."""
    return tuple(value.hex() for value in (*sentence.crime_scores.values(), *sentence.stance_scores.values()))


def same(left: list[Sentence], right: list[Sentence]) -> bool:
    return left == right and list(map(scores, left)) == list(map(scores, right))


@pytest.mark.parametrize("size", [1, 2, 7, 64, 10_000])
@pytest.mark.parametrize("characters", [1, 5_000, 10**9])
def test_batches_do_not_matter(
    tagger: Tagger,
    texts: list[str],
    expected: list[Sentence],
    monkeypatch: pytest.MonkeyPatch,
    size: int,
    characters: int,
) -> None:
    monkeypatch.setattr(tagger_module, "_BATCH", size)
    monkeypatch.setattr(tagger_module, "_BATCH_CHARACTERS", characters)
    assert same(tagger.tag_sentences(texts), expected)


def test_order_does_not_matter(tagger: Tagger, texts: list[str], expected: list[Sentence]) -> None:
    chance = random.Random(5)
    for _ in range(5):
        order = chance.sample(range(len(texts)), len(texts))
        assert same(tagger.tag_sentences([texts[i] for i in order]), [expected[i] for i in order])


@pytest.mark.parametrize("threads", [2, 16])
def test_threads_that_hammer_one_tagger_lose_nothing(
    tagger: Tagger, texts: list[str], expected: list[Sentence], threads: int
) -> None:
    chance = random.Random(threads)
    parts = [chance.sample(range(len(texts)), 40) for _ in range(8 * threads)]

    def tagged(part: list[int]) -> list[Sentence]:
        tagger.explain(texts[part[0]])
        return tagger.tag_sentences([texts[i] for i in part])

    with ThreadPoolExecutor(threads) as pool:
        for part, found in zip(parts, pool.map(tagged, parts), strict=True):
            assert same(found, [expected[i] for i in part])


def test_threads_that_load_at_once_get_taggers_that_agree(texts: list[str], expected: list[Sentence]) -> None:
    tagger_module._read.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        for tagger in pool.map(lambda _: secclass.load(), range(8)):
            assert same(tagger.tag_sentences(texts[:20]), expected[:20])


_inherited: Tagger | None = None


def _tag_part(job: tuple[str, Tagger | None, list[str]]) -> list[Sentence]:
    how, sent, texts = job
    tagger = {"loaded": secclass.load, "inherited": lambda: _inherited, "sent": lambda: sent}[how]()
    assert tagger is not None
    return tagger.tag_sentences(texts)


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")  # the libraries have threads
@pytest.mark.parametrize(("method", "how"), [("fork", "inherited"), ("spawn", "loaded"), ("spawn", "sent")])
def test_processes_answer_alike(
    tagger: Tagger, texts: list[str], expected: list[Sentence], method: str, how: str
) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system cannot {method}")
    global _inherited
    _inherited = tagger
    parts = [texts[begin::3] for begin in range(3)]
    jobs = [(how, tagger if how == "sent" else None, part) for part in parts]
    with ProcessPoolExecutor(2, multiprocessing.get_context(method)) as pool:
        for begin, found in enumerate(pool.map(_tag_part, jobs)):
            assert same(found, expected[begin::3])


def test_a_second_run_and_a_second_copy_answer_alike(texts: list[str], expected: list[Sentence]) -> None:
    again = freshly_loaded(_store.find("en"))
    assert same(again.tag_sentences(texts), expected)
    moved: Tagger = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(again))))
    assert same(moved.tag_sentences(texts), expected)
    assert same(pickle.loads(pickle.dumps(expected)), expected)


def test_a_document_is_its_sentences(tagger: Tagger, texts: list[str]) -> None:
    doc = tagger.tag("\n\n".join(texts))
    alone = tagger.tag_sentences([s.text for s in doc])
    assert list(map(scores, doc)) == list(map(scores, alone))
    moved: Document = pickle.loads(pickle.dumps(doc))
    assert moved == doc
    assert same(list(moved), list(doc))
