"""Many texts to Documents: in order, in batches, in little memory; a failure stays with the text that failed."""

from __future__ import annotations

import functools
import itertools
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from dataclasses import replace
from typing import Literal, TypeVar

from secclass._text import check_iterable, not_text
from secclass.errors import OptionError, SecclassError, TaggingError, optional
from secclass.labels import CODEBOOK, Scheme
from secclass.results import Document

_AHEAD = 4  # batches in work or waiting for each worker; more would cost memory, fewer would leave workers idle

_Found = TypeVar("_Found")
Find = Callable[[Sequence[str]], _Found]
Make = Callable[[Sequence[str], _Found], Iterable[Document]]
_Run = Callable[[Sequence[Sequence[str]]], Iterable[_Found]]


def stream(
    find: Find[_Found],
    make: Make[_Found],
    texts: Iterable[str],
    *,
    batch_size: int,
    n_jobs: int | None,
    progress: bool,
    errors: Literal["raise", "collect"],
    scheme: Scheme = CODEBOOK,
) -> Iterator[Document]:
    """What ``Tagger.stream`` describes.

    ``find`` does the work on one batch, perhaps in another process; ``make`` makes documents of what it found, here.

    ``scheme`` is that of the model, for the documents of what could not be tagged.
    """
    check_iterable(texts, "stream")
    if errors not in ("raise", "collect"):
        raise OptionError(f'errors must be "raise" or "collect", got {errors!r}')
    if not isinstance(batch_size, int) or batch_size < 1:
        raise OptionError(f"batch_size must be a whole number of texts, at least 1, got {batch_size!r}")
    if not isinstance(n_jobs, (int, type(None))) or n_jobs == 0:
        raise OptionError(f"n_jobs must be a number of processes, -1 for one a core, or None, got {n_jobs!r}")
    workers, run = _runner(find, n_jobs)
    ahead = batch_size * (1 if workers == 1 else _AHEAD * workers)
    documents = _documents(run, make, texts, scheme, batch_size, ahead, raising=errors == "raise")
    return _counted(documents, len(texts) if isinstance(texts, Sized) else None) if progress else documents


def _counted(documents: Iterable[Document], total: int | None) -> Iterator[Document]:
    """The documents, counted by a progress bar on standard error."""
    with optional("progress", "progress=True"):
        from tqdm.auto import tqdm
    return iter(tqdm(documents, total=total, unit=" texts"))


def _runner(find: Find[_Found], n_jobs: int | None) -> tuple[int, _Run[_Found]]:
    """How many workers there are, and what works on batches with them."""
    # parallel_config can only be in force where joblib has been imported.
    if n_jobs == 1 or (n_jobs is None and "joblib" not in sys.modules):
        return 1, lambda batches: [find(batch) for batch in batches]
    import joblib

    parallel = joblib.Parallel(n_jobs=n_jobs, batch_size=1)
    task = joblib.delayed(functools.partial(_work, find, os.getpid()))
    return joblib.effective_n_jobs(parallel.n_jobs), lambda batches: parallel(task(batch) for batch in batches)


def _work(find: Find[_Found], parent: int, batch: Sequence[str]) -> _Found:
    if os.getpid() != parent:
        import signal
        import threading

        # Ctrl-C in a terminal reaches workers too; they are ended by the process that asked, without a word.
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    return find(batch)


def _documents(
    run: _Run[_Found],
    make: Make[_Found],
    texts: Iterable[str],
    scheme: Scheme,
    batch_size: int,
    ahead: int,
    *,
    raising: bool,
) -> Iterator[Document]:
    numbered = enumerate(texts)
    while window := list(itertools.islice(numbered, ahead)):
        # All work on a window is over before its first document is handed out: nothing runs on, whenever the
        # consumer stops.
        tagged = _isolated(run, make, [(index, text) for index, text in window if isinstance(text, str)], batch_size)
        for index, text in window:
            document = next(tagged) if isinstance(text, str) else Document("", (), not_text(text, f"item {index}"))
            if document.error is None:
                yield document
            elif raising:
                raise document.error
            else:
                yield replace(document, scheme=scheme)


def _isolated(
    run: _Run[_Found], make: Make[_Found], items: Sequence[tuple[int, str]], batch_size: int
) -> Iterator[Document]:
    """One document for each item. Where the work fails, it is done again in halves until the item is found."""
    texts = [text for _, text in items]
    batches = [texts[begin : begin + batch_size] for begin in range(0, len(texts), batch_size)]
    try:
        found = list(run(batches))
    except SecclassError:
        raise  # the model's fault, not one item's
    except Exception as cause:
        if len(items) == 1:
            list(run([[]]))  # fails too where the item is not to blame: then that error is raised
            index, text = items[0]
            error = TaggingError(f"item {index} could not be tagged: {type(cause).__name__}: {cause}")
            error.__cause__ = cause
            yield Document(text, (), error)
        else:
            middle = len(items) // 2
            yield from _isolated(run, make, items[:middle], batch_size)
            yield from _isolated(run, make, items[middle:], batch_size)
    else:
        for batch, part in zip(batches, found, strict=True):
            yield from make(batch, part)
