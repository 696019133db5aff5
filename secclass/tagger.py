"""Tagger: the trained model at work."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from secclass import _store
from secclass._features import Extractor
from secclass._linear import Axis, FloatArray
from secclass._text import check_text, check_texts, sentence_spans
from secclass.labels import CrimeType, Stance
from secclass.results import (
    Contribution,
    Document,
    Explanation,
    LabelExplanation,
    ModelInfo,
    Sentence,
    check_expressions,
)

_log = logging.getLogger("secclass")
_log.addHandler(logging.NullHandler())  # silent unless the application configures logging
_BATCH = 512  # sentences that are scored at once, unless they have more characters than this:
_BATCH_CHARACTERS = 1 << 18


class Tagger:
    """Tags sentences with crime types and stance. Get one from ``secclass.load()``.

    A tagger never changes after it is made; threads may share it.
    """

    def __init__(self, manifest: Mapping[str, Any], extractor: Extractor, axes: Sequence[Axis]) -> None:
        by_name = {axis.name: axis for axis in axes}
        self._crimes, self._stances = by_name["crimes"], by_name["stances"]
        self._extractor = extractor
        self._info = ModelInfo(
            name=manifest["name"],
            version=manifest["version"],
            language=manifest["language"],
            labels=tuple(
                label for label in (*CrimeType, *Stance) if label in (*self._crimes.labels, *self._stances.labels)
            ),
            format=manifest["format"],
            digest=manifest["digest"],
        )

    def __repr__(self) -> str:
        return f"<Tagger {self.info.name} {self.info.version}>"

    @property
    def info(self) -> ModelInfo:
        """Which model this is: name, version, language, labels, format, digest."""
        return self._info

    def tag(self, text: str) -> Document:
        """Split a text into sentences and tag each.

        Raises
        ------
        InputError
            If ``text`` is no str.
        """
        spans = sentence_spans(check_text(text))
        _log.debug("tagging a text of %d characters in %d sentences", len(text), len(spans))
        return Document(text, tuple(self._tagged([text[start:end] for start, end in spans], spans)))

    def tag_sentences(self, sentences: Iterable[str]) -> list[Sentence]:
        """Tag sentences that are already split: one Sentence for each, in order.

        Raises
        ------
        InputError
            If ``sentences`` is a str or no iterable, or an item is no str.
        """
        texts = check_texts(sentences)
        _log.debug("tagging %d sentences", len(texts))
        return list(self._tagged(texts, [(0, len(text)) for text in texts]))

    def explain(self, sentence: str | Sentence) -> Explanation:
        """Which words moved each label of one sentence, and how far.

        For each label ``bias`` plus the weights of ``contributions`` is the raw score.

        Raises
        ------
        InputError
            If ``sentence`` is neither a str nor a Sentence.
        """
        text = sentence.text if isinstance(sentence, Sentence) else check_text(sentence, "sentence")
        found = self._extractor.extract([text])
        tokens = found.tokens
        labels: dict[CrimeType | Stance, LabelExplanation] = {}
        by_value: dict[str, CrimeType | Stance] = {label.value: label for label in (*CrimeType, *Stance)}
        for axis in (self._crimes, self._stances):
            raw = axis.raw(found)
            score = axis.probabilities(raw)
            for index, value in enumerate(axis.labels):
                parts = []
                for view, first, last, weight in axis.contributions(index, found):
                    start, end = max(0, int(tokens.start[first])), min(len(text), int(tokens.end[last]))
                    parts.append(Contribution(text[start:end], start, end, view, weight))
                label = by_value[value]
                labels[label] = LabelExplanation(
                    label=label,
                    holds=bool(score[0, index] >= axis.threshold[index]),
                    score=float(score[0, index]),
                    threshold=float(axis.threshold[index]),
                    raw=float(raw[0, index]),
                    bias=float(axis.bias[index]),
                    contributions=tuple(sorted(parts, key=lambda part: -abs(part.weight))),
                )
        return Explanation(text, MappingProxyType(labels))

    def _tagged(self, texts: Sequence[str], spans: Sequence[tuple[int, int]]) -> Iterator[Sentence]:
        for part in _batches(texts):
            batch = texts[part]
            found = self._extractor.extract(batch)
            crimes = _Decisions(self._crimes, CrimeType, self._crimes.raw(found))
            stances = _Decisions(self._stances, Stance, self._stances.raw(found))
            for row, (text, (start, end)) in enumerate(zip(batch, spans[part], strict=True)):
                yield Sentence(
                    text, start, end, crimes.labels(row), stances.labels(row), crimes.scores(row), stances.scores(row)
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


class _Decisions:
    """Scores of a batch on one axis, as labels."""

    def __init__(self, axis: Axis, labels: type[CrimeType] | type[Stance], raw: FloatArray) -> None:
        self._labels: tuple[Any, ...] = tuple(labels[name.upper()] for name in axis.labels)
        probabilities = axis.probabilities(raw)
        self._scores = probabilities.tolist()
        self._holds: dict[int, list[int]] = {}
        for row, column in zip(*map(np.ndarray.tolist, np.nonzero(probabilities >= axis.threshold)), strict=True):
            self._holds.setdefault(row, []).append(column)

    def labels(self, row: int) -> tuple[Any, ...]:
        return tuple(self._labels[column] for column in self._holds.get(row, ()))

    def scores(self, row: int) -> Mapping[Any, float]:
        return MappingProxyType(dict(zip(self._labels, self._scores[row], strict=True)))


@functools.lru_cache(maxsize=4)
def _read(directory: Path) -> tuple[dict[str, Any], Extractor, tuple[Axis, ...]]:
    manifest, extractor, axes = _store.read(directory)
    name, version, digest = (manifest[entry] for entry in ("name", "version", "digest"))
    _log.info("read model %s %s from %s, digest %s", name, version, directory, digest)
    return manifest, extractor, axes


def load(
    model: str | os.PathLike[str] = "en", *, extra_expressions: Mapping[CrimeType | str, Sequence[str]] | None = None
) -> Tagger:
    """A tagger from a shipped model or a model directory. Models are read once and kept.

    Parameters
    ----------
    model
        Name of a shipped model, or path of a model directory.
    extra_expressions
        For crime types, further expressions in lexicon notation: ``{"telecom_fraud": ["fraud park~"]}``.
        They count at once, with the weight that the model gives to expressions of that crime type.

    Raises
    ------
    ModelNotFoundError, ModelDamagedError, ModelFormatError
        If the model is missing, changed, or of another format.
    OptionError, InputError
        If ``extra_expressions`` names no crime type, or holds something else than lists of str.
    """
    manifest, extractor, axes = _read(_store.find(model).resolve())
    if extra_expressions:
        lexicon = extractor.lexicon.with_expressions(check_expressions(extra_expressions))
        extractor = Extractor(lexicon, extractor.lengths)
    return Tagger(manifest, extractor, axes)


def tag(text: str) -> Document:
    """Split a text into sentences and tag each with the shipped English model. See ``Tagger.tag``."""
    return load().tag(text)


def tag_sentences(sentences: Iterable[str]) -> list[Sentence]:
    """Tag sentences that are already split with the shipped English model. See ``Tagger.tag_sentences``."""
    return load().tag_sentences(sentences)
