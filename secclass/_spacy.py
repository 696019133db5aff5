"""The spaCy component: ``nlp.add_pipe("secclass")``. spaCy imports this file by its entry point."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from secclass import _store
from secclass.errors import OptionError, optional
from secclass.labels import CODEBOOK, CrimeType, Stance
from secclass.results import Document, Sentence
from secclass.tagger import Tagger, load

with optional("spacy", "the spaCy component"):
    from spacy.language import Language
    from spacy.pipeline import Pipe
    from spacy.tokens import Doc, Span

_KEY = "secclass"  # of Doc.user_data, which holds plain lists and so travels with the Doc


@Language.factory(
    "secclass",
    default_config={"model": "en", "extra_expressions": {}},
    assigns=["doc._.secclass", "span._.crimes", "span._.stance"],
    requires=["doc.sents"],
)
def make_component(nlp: Language, name: str, model: str, extra_expressions: dict[str, list[str]]) -> SecclassComponent:
    """What ``nlp.add_pipe("secclass", config={...})`` calls; the settings are those of ``secclass.load``."""
    for kind, attribute, getter in _EXTENSIONS:
        if not kind.has_extension(attribute) or kind.get_extension(attribute)[2] is not getter:
            kind.set_extension(attribute, getter=getter)
    return SecclassComponent(name, model, extra_expressions)


class SecclassComponent(Pipe):
    """Tags the sentences that the pipeline has found.

    Sets ``doc._.secclass``, a secclass Document; ``span._.crimes``, the crime types of the sentences that a span
    touches, in label order; ``span._.stance``, the leading stance of those sentences, or None.
    """

    def __init__(self, name: str, model: str, extra_expressions: Mapping[str, Sequence[str]]) -> None:
        self.name = name
        self._model = model
        self._extra_expressions = extra_expressions
        self._loaded: Tagger | None = None

    @property
    def tagger(self) -> Tagger:
        """The tagger; its model is read when first needed, for ``spacy.load`` brings the model after the settings."""
        if self._loaded is None:
            tagger = load(self._model, extra_expressions=self._extra_expressions)
            if tagger.info.scheme != CODEBOOK:
                raise OptionError(
                    f"the spaCy component takes models of the shipped labels; {self._model!r} has others: use "
                    "secclass.load and tag_sentences"
                )
            self._loaded = tagger
        return self._loaded

    def __call__(self, doc: Doc) -> Doc:
        self._annotate([doc])
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Tag the sentences of many Docs together."""
        waiting = iter(stream)
        while docs := list(itertools.islice(waiting, batch_size)):
            try:
                self._annotate(docs)
            except Exception as error:
                self.get_error_handler()(self.name, self, docs, error)
            else:
                yield from docs

    def _annotate(self, docs: Sequence[Doc]) -> None:
        spans = [list(doc.sents) for doc in docs]
        tagged = iter(self.tagger.tag_sentences(span.text for sents in spans for span in sents))
        for doc, sents in zip(docs, spans, strict=True):
            doc.user_data[_KEY] = [_record(span, next(tagged)) for span in sents]

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Copy the model into the saved pipeline, so that it is whole."""
        source = _store.find(self._model).resolve()
        if source != Path(path).resolve():
            shutil.copytree(source, path, dirs_exist_ok=True)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> SecclassComponent:
        """Read the model that ``to_disk`` has copied."""
        self._model, self._loaded = str(path), None
        return self


def _record(span: Span, s: Sentence) -> list[Any]:
    labels = [label.value for label in s.crimes], [label.value for label in s.stances]
    scores = [*s.crime_scores.values()], [*s.stance_scores.values()]
    return [span.start_char, span.end_char, *labels, *scores, [str(label) for label in s.unsure], s.reason]


def _sentence(doc: Doc, record: Sequence[Any]) -> Sentence:
    start, end, crimes, stances, crime_scores, stance_scores, unsure, reason = record
    return Sentence(
        doc.text[start:end],
        start,
        end,
        tuple(CrimeType[label.upper()] for label in crimes),
        tuple(Stance[label.upper()] for label in stances),
        MappingProxyType(dict(zip(CrimeType, crime_scores, strict=True))),
        MappingProxyType(dict(zip(Stance, stance_scores, strict=True))),
        tuple(label for label in (*CrimeType, *Stance) if label in unsure),
        reason,
    )


def _document(doc: Doc) -> Document | None:
    records = doc.user_data.get(_KEY)
    return None if records is None else Document(doc.text, tuple(_sentence(doc, record) for record in records))


def _touched(span: Span) -> list[Sentence]:
    records = span.doc.user_data.get(_KEY, ())
    return [_sentence(span.doc, r) for r in records if r[0] < span.end_char and span.start_char < r[1]]


def _crimes(span: Span) -> tuple[CrimeType, ...]:
    found = {crime for s in _touched(span) for crime in s.crimes}
    return tuple(crime for crime in CrimeType if crime in found)


def _stance(span: Span) -> Stance | None:
    scored = [(s.stance_scores[s.stance], s.stance) for s in _touched(span) if s.stance is not None]
    return max(scored, key=lambda pair: pair[0], default=(0.0, None))[1]


_EXTENSIONS: tuple[tuple[Any, str, Callable[[Any], Any]], ...] = (
    (Doc, "secclass", _document),
    (Span, "crimes", _crimes),
    (Span, "stance", _stance),
)
