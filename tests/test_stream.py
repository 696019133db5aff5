from __future__ import annotations

import itertools
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import joblib
import pytest

import secclass
from secclass import (
    Document,
    InputError,
    MissingDependencyError,
    ModelDamagedError,
    OptionError,
    Tagger,
    TaggingError,
    _stream,
)
from secclass import tagger as tagger_module
from tests.helpers import needed

TEXTS = [
    f"Police seized {n} kg of heroin. The ministers agreed to fight telecom fraud. Bus {n} left." for n in range(40)
]


def unchanged(batch: Sequence[str], found: list[Document]) -> list[Document]:
    """Where the work itself makes documents, nothing is left to do."""
    return found


class Source:
    """An iterable that counts how far it was read."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = texts
        self.read = 0

    def __iter__(self) -> Iterator[str]:
        for text in self.texts:
            self.read += 1
            yield text


@pytest.mark.parametrize("n_jobs", [None, 1, 2])
def test_order_and_answers_are_those_of_tag(tagger: Tagger, n_jobs: int | None) -> None:
    expected = [tagger.tag(text) for text in TEXTS]
    assert list(tagger.stream(iter(TEXTS), batch_size=3, n_jobs=n_jobs)) == expected
    assert list(tagger.stream([], n_jobs=n_jobs)) == []


@pytest.mark.parametrize(("n_jobs", "ahead"), [(1, 5), (2, 5 * 4 * 2)])
def test_an_endless_source_is_read_but_a_little_ahead(tagger: Tagger, n_jobs: int, ahead: int) -> None:
    source = Source(itertools.cycle(TEXTS))
    documents = tagger.stream(source, batch_size=5, n_jobs=n_jobs)
    assert source.read == 0
    for taken, _ in enumerate(itertools.islice(documents, 100)):
        assert taken < source.read <= taken + ahead
    documents.close()  # type: ignore[attr-defined]
    assert source.read <= 100 + ahead


def test_parallel_config_decides_where_the_work_is_done(tagger: Tagger) -> None:
    with joblib.parallel_config(backend="threading", n_jobs=3):
        source = Source(TEXTS)
        documents = tagger.stream(source, batch_size=1)
    assert next(documents).text == TEXTS[0]
    assert source.read == 4 * 3


def test_raise_gives_what_came_before_and_names_the_item(tagger: Tagger) -> None:
    documents = tagger.stream([*TEXTS[:7], None, *TEXTS], batch_size=4)  # type: ignore[list-item]
    assert [document.text for document in itertools.islice(documents, 7)] == TEXTS[:7]
    with pytest.raises(InputError, match="item 7 must be a str, got None"):
        next(documents)


def test_collect_gives_a_document_for_every_item(tagger: Tagger) -> None:
    mixed = ["", b"bytes", TEXTS[0], float("nan"), TEXTS[1]]
    documents = list(tagger.stream(mixed, batch_size=2, errors="collect"))  # type: ignore[arg-type]
    failed = {index: document for index, document in enumerate(documents) if document.error}
    assert set(failed) == {1, 3}
    assert all(isinstance(document.error, InputError) for document in failed.values())
    assert (len(failed[3]), failed[3].text) == (0, "")
    assert "error: item 3 must be a str, got NaN" in repr(failed[3])
    assert documents[4] == tagger.tag(TEXTS[1])


def tag_or_fail(texts: Sequence[str]) -> list[Document]:
    if "kill the worker" in texts:
        os._exit(1)
    if "fail" in texts:
        raise ValueError("too odd")
    return list(secclass.load().stream(texts, n_jobs=1))


@pytest.mark.parametrize(("n_jobs", "odd"), [(1, "fail"), (2, "kill the worker")])
def test_a_failing_worker_costs_only_the_text_that_made_it_fail(n_jobs: int, odd: str) -> None:
    texts = [*TEXTS[:5], odd, *TEXTS[5:11]]
    documents = list(
        _stream.stream(tag_or_fail, unchanged, texts, batch_size=4, n_jobs=n_jobs, progress=False, errors="collect")
    )
    assert [document.text for document in documents] == texts
    assert [index for index, document in enumerate(documents) if document.error] == [5]
    assert isinstance(documents[5].error, TaggingError)
    assert "item 5 could not be tagged: " in str(documents[5].error)
    assert documents[5].error.__cause__ is not None
    assert documents[6] == secclass.tag(TEXTS[5])


def always_fail(texts: Sequence[str]) -> list[Document]:
    raise OSError("the cluster is gone")


def test_where_nothing_works_no_item_is_blamed() -> None:
    with pytest.raises(OSError, match="the cluster is gone"):
        list(_stream.stream(always_fail, unchanged, TEXTS, batch_size=4, n_jobs=1, progress=False, errors="collect"))


def test_an_error_of_the_source_is_raised_as_it_is(tagger: Tagger) -> None:
    def source() -> Iterator[str]:
        yield TEXTS[0]
        raise KeyError("the reader's own")

    with pytest.raises(KeyError, match="the reader's own"):
        list(tagger.stream(source(), batch_size=1, errors="collect"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"errors": "ignore"}, 'errors must be "raise" or "collect"'),
        ({"batch_size": 0}, "at least 1, got 0"),
        ({"n_jobs": 0}, "n_jobs must be a number of processes"),
    ],
)
def test_options_are_checked_at_once(tagger: Tagger, options: dict[str, object], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        tagger.stream(TEXTS, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", ["One text.", b"bytes", 7, None])
def test_what_is_no_iterable_of_texts_is_refused_at_once(tagger: Tagger, wrong: object) -> None:
    with pytest.raises(InputError, match="stream takes an iterable of str"):
        tagger.stream(wrong)  # type: ignore[arg-type]


def test_progress(tagger: Tagger, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    needed("tqdm", "progress")
    assert len(list(tagger.stream(TEXTS, progress=True))) == 40
    assert "40/40" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'secclass\[progress\]'"):
        tagger.stream(TEXTS, progress=True)


def test_a_worker_reads_the_model_once(tagger: Tagger) -> None:
    def reads(_: int) -> tuple[int, int]:
        return os.getpid(), tagger_module._read.cache_info().misses

    extended = secclass.load(extra_expressions={"telecom_fraud": ["honey garden~"]})
    for each in (tagger, extended):
        assert len(list(each.stream(TEXTS * 3, batch_size=2, n_jobs=2))) == 120
    answers = dict(joblib.Parallel(n_jobs=2, batch_size=1)(joblib.delayed(reads)(n) for n in range(20)))
    assert os.getpid() not in answers
    assert set(answers.values()) <= {0, 1}
    assert 1 in answers.values()


def test_a_pickled_tagger_is_small_and_knows_its_model(tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    extended = secclass.load(extra_expressions={"telecom_fraud": ["honey garden~"]})
    assert len(pickle.dumps(tagger)) < 500
    again = pickle.loads(pickle.dumps(extended))
    assert again.tag("Two honey gardens burnt.")[0].crimes == ("telecom_fraud",)
    assert pickle.loads(pickle.dumps(extended)) is again
    other = secclass.load()
    monkeypatch.setattr(other, "_info", replace(other.info, digest="0"))
    with pytest.raises(ModelDamagedError, match="pickled with another model 'en'"):
        pickle.loads(pickle.dumps(other))


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_interrupt_ends_the_work_and_every_worker(n_jobs: int) -> None:
    # The loop is a function of its own: Python 3.13 lets an interrupt at a loop's jump escape the try around it.
    code = (
        "import itertools, secclass\n"
        "texts = itertools.repeat('Police seized heroin. They agreed to act.')\n"
        "def work():\n"
        f"    for number, _ in enumerate(secclass.load().stream(texts, batch_size=1000, n_jobs={n_jobs})):\n"
        "        if number == 200: print('running', flush=True)\n"
        "try:\n"
        "    work()\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    os.killpg(process.pid, signal.SIGINT)  # what a terminal does: to the workers too
    # The pipes end only when the last worker has ended.
    out, err = process.communicate(timeout=60)
    assert (out, err, process.returncode) == ("interrupted\n", "", 0)
