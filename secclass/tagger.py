"""Tagger: the trained model at work."""

from __future__ import annotations

import functools
import itertools
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import numpy as np

from secclass import _frames, _store, _stream
from secclass._features import Extractor, Features
from secclass._frames import Frame
from secclass._linear import Axis, FloatArray
from secclass._operating import Point, Thresholds, thresholds_of
from secclass._text import check_text, check_texts, sentence_spans
from secclass._tokens import BoolArray, IntArray
from secclass.errors import ModelDamagedError
from secclass.labels import CODEBOOK, CrimeType, Stance, members
from secclass.results import (
    Contribution,
    Document,
    Explanation,
    LabelExplanation,
    ModelInfo,
    Sentence,
    check_expressions,
)

_BATCH = 512  # sentences that are scored at once, unless they have more characters than this:
_BATCH_CHARACTERS = 1 << 18
_ORDER = [axis for axis, _ in CODEBOOK]  # these come first
_NO_SCORES: Mapping[Any, float] = MappingProxyType({})


def _log(level: Literal["debug", "info"], message: str, *values: object) -> None:
    """To the logger ``secclass``; an application that has not imported logging cannot hear it."""
    if "logging" in sys.modules:
        import logging

        getattr(logging.getLogger("secclass"), level)(message, *values)


class _Scored(NamedTuple):
    """What is found out of sentences: why each is outside, if it is; for each axis an array, a row a sentence.

    It is all that a worker sends back: documents are many small objects, which take longer to send than to make.
    """

    reasons: list[str | None]
    scores: list[FloatArray]


class Tagger:
    """Tags sentences with crime types and stance. Get one from ``secclass.load()``.

    A tagger never changes after it is made; threads may share it. Pickled, it is a few hundred bytes: the name
    or path of its model, a digest, and the extra expressions. Whoever unpickles it reads the model from there,
    once a process, and gets a ModelDamagedError if that is another model.
    """

    def __init__(
        self,
        model: _store.Model,
        directory: Path,
        extra_expressions: Mapping[str, Sequence[str]],
        thresholds: Thresholds | None,
    ) -> None:
        manifest, self._extractor, axes, self._scope = model
        self._axes = sorted(axes, key=lambda axis: _ORDER.index(axis.name) if axis.name in _ORDER else len(_ORDER))
        self._directory = directory
        self._extra_expressions = extra_expressions
        self._asked = tuple(thresholds.items()) if isinstance(thresholds, Mapping) else thresholds
        self._thresholds = thresholds_of(self._axes, thresholds)
        scheme = tuple((axis.name, members(axis.name, axis.labels)) for axis in self._axes)
        self._info = ModelInfo(
            name=manifest["name"],
            version=manifest["version"],
            language=manifest["language"],
            labels=tuple(label for _, labels in scheme for label in labels),
            format=manifest["format"],
            digest=manifest["digest"],
            scheme=scheme,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        extra = tuple((label, tuple(items)) for label, items in self._extra_expressions.items())
        return _restore, (_store.reference(self._directory), self.info.digest, extra, self._asked)

    def __repr__(self) -> str:
        return f"<Tagger {self.info.name} {self.info.version}>"

    @property
    def info(self) -> ModelInfo:
        """Which model this is: name, version, language, labels, format, digest, scheme."""
        return self._info

    @property
    def thresholds(self) -> Mapping[CrimeType | Stance | str, float]:
        """The score from which on each label is given, in label order; infinite for a label that never is."""
        values = np.concatenate([self._thresholds[axis.name] for axis in self._axes]).tolist()
        return MappingProxyType(dict(zip(self.info.labels, values, strict=True)))

    def tag(self, text: str, *, thresholds: Thresholds | None = None) -> Document:
        """Split a text into sentences and tag each.

        Parameters
        ----------
        text
            The text.
        thresholds
            As in ``load``, for this call only; labels that are not spoken of keep the thresholds of the tagger.

        Raises
        ------
        InputError
            If ``text`` is no str.
        OptionError
            If ``thresholds`` has no meaning.
        """
        texts = [check_text(text)]
        return next(self._documents(texts, self._split_and_scored(texts), self._chosen(thresholds)))

    def tag_sentences(self, sentences: Iterable[str], *, thresholds: Thresholds | None = None) -> list[Sentence]:
        """Tag sentences that are already split: one Sentence for each, in order. ``thresholds`` as in ``tag``.

        Raises
        ------
        InputError
            If ``sentences`` is a str or no iterable, or an item is no str.
        OptionError
            If ``thresholds`` has no meaning.
        """
        texts = check_texts(sentences)
        _log("debug", "tagging %d sentences", len(texts))
        spans = [(0, len(text)) for text in texts]
        return list(self._tagged(texts, spans, self._scored(texts), self._chosen(thresholds)))

    def stream(
        self,
        texts: Iterable[str],
        *,
        batch_size: int = 256,
        n_jobs: int | None = None,
        progress: bool = False,
        errors: Literal["raise", "collect"] = "raise",
        thresholds: Thresholds | None = None,
    ) -> Iterator[Document]:
        """Tag many texts: one Document for each, in order, as they are asked for.

        ``texts`` may be a generator larger than memory. With one worker ``batch_size`` texts are read ahead, with
        more four batches a worker. Whoever stops early leaves no work running.

        Parameters
        ----------
        texts
            The texts, e.g. a list, a generator, a column of a data frame.
        batch_size
            How many texts are tagged together, and are one task of a worker. Answers do not depend on it. For
            texts of one sentence larger batches are faster, for books smaller ones.
        n_jobs
            How many worker processes, as joblib counts them: -1 is one a core, None is one unless
            ``joblib.parallel_config`` says otherwise. That also chooses where the work is done:
            ``parallel_config(backend="dask")`` around this call spreads it over a Dask cluster.
        progress
            Whether to show a progress bar.
        errors
            What happens to an item that is no str, or whose tagging fails or kills its worker.
            "raise": the documents before it are given, then the error is raised; it names the item's index.
            "collect": the item gets a Document with that error as ``document.error`` and without sentences, and
            the work goes on; so there is a document for every item, and ``if document.error`` finds the failures.
            An error of the iterable itself, or of workers that cannot do anything, is always raised.
        thresholds
            As in ``tag``.

        Raises
        ------
        InputError
            If ``texts`` is a str or no iterable; with ``errors="raise"`` also if an item is no str.
        OptionError
            If ``batch_size``, ``n_jobs``, ``errors`` or ``thresholds`` has no meaning.
        TaggingError
            With ``errors="raise"``, if an item could not be tagged.
        MissingDependencyError
            If ``progress`` is asked for and tqdm is not installed.
        """
        return _stream.stream(
            self._split_and_scored,
            functools.partial(self._documents, thresholds=self._chosen(thresholds)),
            texts,
            batch_size=batch_size,
            n_jobs=n_jobs,
            progress=progress,
            errors=errors,
            scheme=self.info.scheme,
        )

    def tag_frame(
        self,
        frame: Frame,
        column: str,
        *,
        rows: Literal["sentences", "documents"] = "sentences",
        n_jobs: int | None = None,
        progress: bool = False,
        thresholds: Thresholds | None = None,
    ) -> Frame:
        """Tag the texts in a column of a data frame. Needs ``pip install 'secclass[frames]'``.

        Parameters
        ----------
        frame
            A pandas or polars data frame.
        column
            The column with the texts.
        rows
            "sentences": a row a sentence; the other columns are repeated, ``column`` gives way to ``sentence``.
            "documents": the rows stay as they are, and each new column holds a list, an entry a sentence.
        n_jobs, progress, thresholds
            As in ``stream``.

        Returns
        -------
        Frame
            A data frame of the same kind with the new columns ``sentence``, ``start``, ``end`` (characters in the
            text), ``crimes``, ``stance``, ``stances`` (of a model of your own its axes), ``unsure``, ``reason`` and a
            score for each label, ``label_score``. A pandas index is kept, and repeated with its row. No row is lost:
            where the text is missing, all new columns are missing; a text without a sentence is one row with missing
            values, or empty lists.

        Raises
        ------
        InputError
            If ``frame`` is no data frame, or a value is neither a str nor missing; its row counts from 0.
        OptionError
            If there is no such column, a new column would replace one, or ``rows`` or ``thresholds`` has no
            meaning.
        MissingDependencyError
            If narwhals is not installed.
        """
        return _frames.tag_frame(
            frame,
            column,
            lambda texts: self.stream(texts, n_jobs=n_jobs, progress=progress, thresholds=thresholds),
            rows,
            self.info.scheme,
        )

    def explain(self, sentence: str | Sentence, *, thresholds: Thresholds | None = None) -> Explanation:
        """Which words moved each label of one sentence, and how far, also the labels that are not given.

        For each label ``bias`` plus the weights of ``contributions`` is the raw score. ``thresholds`` as in ``tag``.

        Raises
        ------
        InputError
            If ``sentence`` is neither a str nor a Sentence.
        OptionError
            If ``thresholds`` has no meaning.
        """
        text = sentence.text if isinstance(sentence, Sentence) else check_text(sentence, "sentence")
        chosen = self._chosen(thresholds)
        found = self._extractor.extract([text])
        tokens = found.tokens
        (reason,) = self._reasons(found)
        labels: dict[CrimeType | Stance | str, LabelExplanation] = {}
        for axis in self._axes:
            raw = axis.raw(found)
            score = axis.probabilities(raw)
            given, unsure = _judged(axis, score, chosen[axis.name], [reason])
            for index, label in enumerate(members(axis.name, axis.labels)):
                parts = []
                for view, first, last, weight in axis.contributions(index, found):
                    start, end = max(0, int(tokens.start[first])), min(len(text), int(tokens.end[last]))
                    parts.append(Contribution(text[start:end], start, end, view, weight))
                labels[label] = LabelExplanation(
                    label=label,
                    holds=bool(given[0, index]),
                    unsure=bool(unsure[0, index]),
                    score=float(score[0, index]),
                    threshold=float(chosen[axis.name][index]),
                    raw=float(raw[0, index]),
                    bias=float(axis.bias[index]),
                    contributions=tuple(sorted(parts, key=lambda part: -abs(part.weight))),
                )
        return Explanation(text, MappingProxyType(labels), reason)

    def _chosen(self, thresholds: Thresholds | None) -> dict[str, FloatArray]:
        return thresholds_of(self._axes, thresholds, self._thresholds)

    def _reasons(self, found: Features) -> list[str | None]:
        return self._scope.reasons(found.tokens, found.function)

    def _split_and_scored(self, texts: Sequence[str]) -> tuple[IntArray, IntArray, _Scored]:
        """How many sentences each of a batch of texts has, where they begin and end, and their scores together."""
        places = [sentence_spans(text) for text in texts]
        sentences = [text[start:end] for text, spans in zip(texts, places, strict=True) for start, end in spans]
        characters = sum(map(len, texts))
        _log("debug", "tagging %d texts of %d characters in %d sentences", len(texts), characters, len(sentences))
        spans = np.array([*itertools.chain.from_iterable(places)], np.int64).reshape(-1, 2)
        return np.array([*map(len, places)], np.int64), spans, self._scored(sentences)

    def _documents(
        self, texts: Sequence[str], found: tuple[IntArray, IntArray, _Scored], thresholds: Mapping[str, FloatArray]
    ) -> Iterator[Document]:
        """The documents of a batch of texts, from what was found in them."""
        counts, spans, scored = found
        places = spans.tolist()
        owners = itertools.chain.from_iterable(map(itertools.repeat, texts, counts.tolist()))
        sentences = [text[start:end] for text, (start, end) in zip(owners, places, strict=True)]
        tagged = self._tagged(sentences, places, scored, thresholds)
        for text, count in zip(texts, counts.tolist(), strict=True):
            yield Document(text, tuple(itertools.islice(tagged, count)), scheme=self.info.scheme)

    def _scored(self, sentences: Sequence[str]) -> _Scored:
        reasons: list[str | None] = []
        scores: list[list[FloatArray]] = [[np.empty((0, len(axis.labels)))] for axis in self._axes]
        for part in _batches(sentences):
            found = self._extractor.extract(sentences[part])
            reasons += self._reasons(found)
            for axis, parts in zip(self._axes, scores, strict=True):
                parts.append(axis.probabilities(axis.raw(found)))
        return _Scored(reasons, [*map(np.concatenate, scores)])

    def _tagged(
        self,
        texts: Sequence[str],
        spans: Sequence[Sequence[int]],
        scored: _Scored,
        thresholds: Mapping[str, FloatArray],
    ) -> Iterator[Sentence]:
        reasons = scored.reasons
        judged = {
            axis.name: _Decisions(axis, scores, thresholds[axis.name], reasons)
            for axis, scores in zip(self._axes, scored.scores, strict=True)
        }
        crimes, stances = (judged.get(name) for name in _ORDER)
        own = {name: part for name, part in judged.items() if name not in _ORDER}
        for row, (text, (start, end)) in enumerate(zip(texts, spans, strict=True)):
            more: tuple[Any, ...] = ()
            if own:
                labels = MappingProxyType({name: part.given(row) for name, part in own.items()})
                more = labels, MappingProxyType({name: part.scores(row) for name, part in own.items()})
            yield Sentence(
                text,
                start,
                end,
                crimes.given(row) if crimes else (),
                stances.given(row) if stances else (),
                crimes.scores(row) if crimes else _NO_SCORES,
                stances.scores(row) if stances else _NO_SCORES,
                tuple(label for part in judged.values() for label in part.unsure(row)),
                reasons[row],
                *more,
            )


def _batches(texts: Sequence[str]) -> Iterator[slice]:
    """Parts of the texts that are scored together; a text that is longer than a batch is one by itself."""
    begin = size = 0
    for place, text in enumerate(texts):
        if begin < place and (place - begin == _BATCH or size + len(text) > _BATCH_CHARACTERS):
            yield slice(begin, place)
            begin, size = place, 0
        size += len(text)
    if texts:
        yield slice(begin, len(texts))


def _judged(
    axis: Axis, score: FloatArray, thresholds: FloatArray, reasons: Sequence[str | None]
) -> tuple[BoolArray, BoolArray]:
    """Which labels (columns) hold for each sentence (rows), and which are unsure: none where there is a reason.

    Between the band of a label and its threshold, wherever that was put, the label is unsure too.
    """
    inside = np.array([reason is None for reason in reasons], bool)[:, None]
    given = (score >= thresholds) & inside
    if axis.validated is None:
        return given, np.zeros_like(given)
    low, high = np.minimum(axis.validated.low, thresholds), np.maximum(axis.validated.high, thresholds)
    return given, (score >= low) & (score < high) & inside


class _Decisions:
    """Scores of sentences on one axis, as labels."""

    def __init__(self, axis: Axis, scores: FloatArray, thresholds: FloatArray, reasons: Sequence[str | None]) -> None:
        self._labels: tuple[Any, ...] = members(axis.name, axis.labels)
        self._scores = scores.tolist()
        given, unsure = _judged(axis, scores, thresholds, reasons)
        self._given, self._unsure = _columns(given), _columns(unsure)

    def given(self, row: int) -> tuple[Any, ...]:
        return tuple(self._labels[column] for column in self._given.get(row, ()))

    def unsure(self, row: int) -> tuple[Any, ...]:
        return tuple(self._labels[column] for column in self._unsure.get(row, ()))

    def scores(self, row: int) -> Mapping[Any, float]:
        return MappingProxyType(dict(zip(self._labels, self._scores[row], strict=True)))


def _columns(flags: BoolArray) -> dict[int, list[int]]:
    """The columns that are set in each row that has any."""
    columns: dict[int, list[int]] = {}
    for row, column in zip(*map(np.ndarray.tolist, np.nonzero(flags)), strict=True):
        columns.setdefault(row, []).append(column)
    return columns


@functools.lru_cache(maxsize=4)
def _read(directory: Path) -> _store.Model:
    model = _store.read(directory)
    name, version, digest = (model.manifest[entry] for entry in ("name", "version", "digest"))
    _log("info", "read model %s %s from %s, digest %s", name, version, directory, digest)
    return model


def load(
    model: str | os.PathLike[str] = "en",
    *,
    extra_expressions: Mapping[CrimeType | str, Sequence[str]] | None = None,
    thresholds: Thresholds | None = None,
) -> Tagger:
    """A tagger from a shipped model or a model directory. Models are read once and kept.

    Parameters
    ----------
    model
        Name of a shipped model, or path of a model directory.
    extra_expressions
        For crime types, or other names in the lexicon of a model of your own, further expressions in lexicon notation:
        ``{"telecom_fraud": ["fraud park~"]}``. They count at once, with the weight that the model gives to expressions
        of that crime type.
    thresholds
        From which score on labels are given. "balanced", and None: each label as often as it is right to be given.
        "precision": at least 0.95 of the sentences given a label have it, in cross-validation; a label that cannot
        keep that is never given. "recall": the highest F2, in which recall counts twice as much as precision.
        A number from 0 to 1: the same for all labels. A mapping of labels to any of these: the others are balanced.
        The model card tells precision and recall of each.

    Raises
    ------
    ModelNotFoundError, ModelDamagedError, ModelFormatError
        If the model is missing, changed, or of another format.
    OptionError, InputError
        If ``extra_expressions`` names what the model's lexicon does not, or holds something else than lists of str; if
        ``thresholds`` has no meaning, or the model is of an old format that tells only of balanced ones.
    """
    directory = _store.find(model).resolve()
    found = _read(directory)
    extractor = found.extractor
    extra = check_expressions(extra_expressions or {}, extractor.lexicon.crime_names)
    if extra:
        lexicon = extractor.lexicon.with_expressions(extra)
        spelling = extractor.spelling and extractor.spelling.knowing(lexicon.vocabulary)
        found = found._replace(extractor=Extractor(lexicon, extractor.lengths, spelling))
    return Tagger(found, directory, extra, thresholds)


@functools.lru_cache(maxsize=4)
def _restore(
    model: str,
    digest: str,
    extra_expressions: tuple[tuple[str, tuple[str, ...]], ...],
    thresholds: Point | float | tuple[tuple[str, Point | float], ...] | None,
) -> Tagger:
    """The tagger that was pickled, made once a process."""
    asked: Thresholds | None = dict(thresholds) if isinstance(thresholds, tuple) else thresholds
    tagger = load(model, extra_expressions=dict(extra_expressions), thresholds=asked)
    if tagger.info.digest != digest:
        raise ModelDamagedError(
            f"the tagger was pickled with another model {model!r} than the one found here; install the same secclass "
            "or copy the same model to both sides, then start the workers again"
        )
    return tagger


def tag(text: str, *, thresholds: Thresholds | None = None) -> Document:
    """Split a text into sentences and tag each with the shipped English model. See ``Tagger.tag``."""
    return load().tag(text, thresholds=thresholds)


def tag_sentences(sentences: Iterable[str], *, thresholds: Thresholds | None = None) -> list[Sentence]:
    """Tag sentences that are already split with the shipped English model. See ``Tagger.tag_sentences``."""
    return load().tag_sentences(sentences, thresholds=thresholds)


def tag_frame(
    frame: Frame,
    column: str,
    *,
    rows: Literal["sentences", "documents"] = "sentences",
    n_jobs: int | None = None,
    progress: bool = False,
    thresholds: Thresholds | None = None,
) -> Frame:
    """Tag a column of a pandas or polars data frame with the shipped English model. See ``Tagger.tag_frame``."""
    return load().tag_frame(frame, column, rows=rows, n_jobs=n_jobs, progress=progress, thresholds=thresholds)
