"""What tagging gives back: Sentence, Document, Explanation; and ModelInfo. All are read-only."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

from secclass.errors import InputError, OptionError, SecclassError, optional
from secclass.labels import CODEBOOK, CrimeType, Scheme, Stance, find_label, title_of

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Sentence:
    """One tagged sentence.

    Attributes
    ----------
    text, start, end
        The sentence and its place: ``document.text[start:end] == text``. For sentences given one by one
        ``start`` is 0.
    crimes, stances
        The labels that hold: score at or above the label's threshold. In label order.
    crime_scores, stance_scores
        Calibrated probability of every label, in label order. Scores are independent: they do not sum to 1.
    unsure
        The labels, given or not, whose score is near enough to the threshold that a reader should decide.
    reason
        Why the sentence is outside what the model knows, and so has no labels: "not prose" (numbers, code, tables,
        noise), "other language" (hardly any known word, nor function word), or "unknown words"; else None.
    own_labels, own_scores
        The same as ``crimes`` and ``crime_scores`` for each axis of a model with labels of one's own, by name of the
        axis; empty with the shipped model. ``labels`` and ``scores`` hold these too.
    """

    text: str
    start: int
    end: int
    crimes: tuple[CrimeType, ...]
    stances: tuple[Stance, ...]
    crime_scores: Mapping[CrimeType, float]
    stance_scores: Mapping[Stance, float]
    unsure: tuple[CrimeType | Stance | str, ...] = ()
    reason: str | None = None
    own_labels: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NONE)
    own_scores: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: _NONE)

    @property
    def labels(self) -> Mapping[str, tuple[str, ...]]:
        """The labels that hold on each axis of the model: ``labels["crimes"]`` is ``crimes``."""
        of_codebook: dict[str, tuple[str, ...]] = {"crimes": self.crimes, "stances": self.stances}
        return MappingProxyType({axis: of_codebook.get(axis) or self.own_labels.get(axis, ()) for axis in self.scores})

    @property
    def scores(self) -> Mapping[str, Mapping[Any, float]]:
        """The scores on each axis of the model: ``scores["crimes"]`` is ``crime_scores``."""
        of_codebook: dict[str, Mapping[Any, float]] = {"crimes": self.crime_scores, "stances": self.stance_scores}
        return MappingProxyType({axis: part for axis, part in {**of_codebook, **self.own_scores}.items() if part})

    @property
    def stance(self) -> Stance | None:
        """The leading stance: of those that hold, the one with the highest score."""
        return max(self.stances, key=self.stance_scores.__getitem__, default=None)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-safe dict of everything above.

        Of a model with axes of one's own it has ``labels`` and ``scores`` of these, by name of the axis, and crimes
        and stances only if the model has them.
        """
        codebook, own = {}, {}
        if self.crime_scores or self.stance_scores or not self.own_scores:
            codebook = {
                "crimes": [label.value for label in self.crimes],
                "stance": None if self.stance is None else self.stance.value,
                "stances": [label.value for label in self.stances],
                "crime_scores": {label.value: score for label, score in self.crime_scores.items()},
                "stance_scores": {label.value: score for label, score in self.stance_scores.items()},
            }
        if self.own_scores:
            own = {
                "labels": {axis: list(labels) for axis, labels in self.own_labels.items()},
                "scores": {axis: dict(scores) for axis, scores in self.own_scores.items()},
            }
        place = {"text": self.text, "start": self.start, "end": self.end}
        return {**place, **codebook, **own, "unsure": [str(label) for label in self.unsure], "reason": self.reason}

    def __reduce__(self) -> tuple[Any, ...]:
        scores = dict(self.crime_scores), dict(self.stance_scores)
        return _sentence, (
            self.text,
            self.start,
            self.end,
            self.crimes,
            self.stances,
            *scores,
            self.unsure,
            self.reason,
            dict(self.own_labels),
            {axis: dict(part) for axis, part in self.own_scores.items()},
        )


def _sentence(text: str, start: int, end: int, *rest: Any) -> Sentence:
    crimes, stances, crime_scores, stance_scores, unsure, reason, own_labels, own_scores = rest
    scores = MappingProxyType(crime_scores), MappingProxyType(stance_scores)
    own = {axis: MappingProxyType(part) for axis, part in own_scores.items()}
    return Sentence(
        *(text, start, end, crimes, stances, *scores, unsure, reason),
        own_labels=MappingProxyType(own_labels),
        own_scores=MappingProxyType(own),
    )


def columns(scheme: Scheme) -> dict[str, type]:
    """The columns of a table of sentences, and what they hold: the keys of ``flat``."""
    axes: dict[str, type] = {}
    for axis, _ in scheme:
        axes |= {"stance": str, "stances": list} if axis == "stances" else {axis: list}
    scores = {f"{label}_score": float for _, labels in scheme for label in labels}
    return {"text": str, "start": int, "end": int, **axes, "unsure": list, "reason": str, **scores}


def flat(sentence: Sentence) -> dict[str, Any]:
    """A JSON-safe dict of a sentence without inner dicts, ready for a table: it holds all of ``columns``."""
    record = sentence.to_dict()
    record |= record.pop("labels", {})
    parts = [record.pop("crime_scores", {}), record.pop("stance_scores", {}), *record.pop("scores", {}).values()]
    return record | {f"{label}_score": score for part in parts for label, score in part.items()}


@dataclass(frozen=True)
class Document(Sequence[Sentence]):
    """A text and its tagged sentences: a sequence of Sentence.

    Attributes
    ----------
    text, sentences
        The text and its tagged sentences, in order.
    error
        Why the text could not be tagged, or None. Only ``Tagger.stream(..., errors="collect")`` gives documents
        with an error; they have no sentences.
    scheme
        The axes of the model, each with its labels: pairs of a name and a tuple.
    """

    text: str
    sentences: tuple[Sentence, ...]
    error: SecclassError | None = field(default=None, compare=False)
    scheme: Scheme = field(default_factory=lambda: CODEBOOK, compare=False, repr=False)

    @overload
    def __getitem__(self, index: int) -> Sentence: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Sentence, ...]: ...
    def __getitem__(self, index: int | slice) -> Sentence | tuple[Sentence, ...]:
        return self.sentences[index]

    def __len__(self) -> int:
        return len(self.sentences)

    def __iter__(self) -> Iterator[Sentence]:
        return iter(self.sentences)

    def __repr__(self) -> str:
        content = f"{len(self)} sentences, {len(self.text)} characters"
        return f"Document({content if self.error is None else f'error: {self.error}'})"

    def to_records(self) -> list[dict[str, Any]]:
        """One JSON-safe dict a sentence."""
        return [sentence.to_dict() for sentence in self]

    def to_json(self, *, indent: int | None = None) -> str:
        """The records as a JSON array."""
        return json.dumps(self.to_records(), ensure_ascii=False, indent=indent)

    def to_frame(self) -> pandas.DataFrame:
        """A pandas data frame, one row a sentence; a column for each score, named ``label_score``.

        Raises
        ------
        MissingDependencyError
            If pandas is not installed.
        """
        with optional("frames", "to_frame"):
            import pandas
        return pandas.DataFrame([flat(sentence) for sentence in self], columns=list(columns(self.scheme)))

    def to_html(self) -> str:
        """A page that shows the text, its sentences coloured by stance, with their crime types and scores on hover.

        It needs no other file and no script, and follows the reader's choice of light or dark.
        """
        from secclass import _html

        return "".join(_html.page([marked(self)]))

    def _repr_html_(self) -> str:
        """The same as part of a page, as notebooks show it."""
        from secclass import _html

        return _html.style() + marked(self)

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the document as a strip: a column a sentence, a row for each crime type in it and each stance.

        Draws into ``ax``, or else into a new figure, and returns the axes. Plots of many documents:
        ``secclass.plots``.

        Raises
        ------
        MissingDependencyError
            If matplotlib is not installed.
        OptionError
            If the model tells neither crime types nor stances.
        """
        from secclass import plots

        if not {axis for axis, _ in CODEBOOK} & {axis for axis, _ in self.scheme}:
            raise OptionError(
                "plots show crime types and stances, and this document has labels of a model without these"
            )
        return plots.strip(self, ax=ax)

    def counts(self) -> dict[CrimeType | Stance | str, int]:
        """How many sentences have each label; every label is there, in label order."""
        totals: dict[CrimeType | Stance | str, int] = {label: 0 for _, labels in self.scheme for label in labels}
        for sentence in self:
            for labels in sentence.labels.values():
                for label in labels:
                    totals[label] += 1
        return totals

    def filter(self, *, crime: CrimeType | str | None = None, stance: Stance | str | None = None) -> list[Sentence]:
        """The sentences that have this crime type and this stance; what is not given does not matter.

        Of labels of one's own: ``[s for s in document if "sanction" in s.labels["topic"]]``.

        Raises
        ------
        OptionError
            If a label does not exist.
        """
        wanted_crime = None if crime is None else find_label(crime, CrimeType)
        wanted_stance = None if stance is None else find_label(stance, Stance)
        return [
            sentence
            for sentence in self
            if (wanted_crime is None or wanted_crime in sentence.crimes)
            and (wanted_stance is None or wanted_stance in sentence.stances)
        ]


def marked(document: Document) -> str:
    """The body of ``Document.to_html``."""
    from secclass import _html

    return _html.body(
        document.text,
        [
            _html.Marked(
                *(s.start, s.end, s.crimes, s.stances, s.stance, s.unsure, s.reason, _hover(s)),
                own=tuple(s.own_labels.values()),
            )
            for s in document
        ],
    )


def _hover(sentence: Sentence) -> str:
    """The scores that are worth a look, highest first, a line each."""
    pairs = itertools.chain.from_iterable(part.items() for part in sentence.scores.values())
    worth = [(label, score) for label, score in pairs if score >= 0.05 or label in sentence.unsure]
    return "\n".join(
        f"{title_of(label)} {score:.2f}{' (unsure)' if label in sentence.unsure else ''}"
        for label, score in sorted(worth, key=lambda pair: -pair[1])
    )


@dataclass(frozen=True)
class Contribution:
    """What one feature adds to a label's raw score.

    ``words`` is the text that the feature covers, from character ``start`` to ``end`` of the sentence;
    ``view`` says how it was looked at (word, opening, symbol, character, cue, pattern, crime, context, list, mention,
    shape).
    """

    words: str
    start: int
    end: int
    view: str
    weight: float


@dataclass(frozen=True)
class LabelExplanation:
    """Why a label got its score: ``bias`` plus the weights of ``contributions`` is ``raw``.

    ``score`` is the calibrated probability of ``raw``; the label holds where it reaches ``threshold``, but for
    sentences that are outside what the model knows (``Explanation.reason``).
    """

    label: CrimeType | Stance | str
    holds: bool
    unsure: bool
    score: float
    threshold: float
    raw: float
    bias: float
    contributions: tuple[Contribution, ...]

    def words(self, most: int = 5) -> list[tuple[str, float]]:
        """The stretches of text that moved the label most, their weights summed, strongest first."""
        totals: dict[str, float] = {}
        for part in self.contributions:
            totals[part.words] = totals.get(part.words, 0.0) + part.weight
        return sorted(totals.items(), key=lambda item: -abs(item[1]))[:most]

    def __str__(self) -> str:
        verdict = ("given" if self.holds else "not given") + (", unsure" if self.unsure else "")
        lines = [
            f"{'+' if self.holds else '-'} {self.label}: {verdict}, score {self.score:.3f} "
            f"(threshold {self.threshold:.3f}, raw {self.raw:+.2f}, bias {self.bias:+.2f})",
            *([f"    {weight:+.2f}  {words}" for words, weight in self.words()] or ["    no words moved it"]),
        ]
        return "\n".join(lines)


@dataclass(frozen=True)
class Explanation:
    """The explanation of one sentence: ``explanation["terrorism"]`` is that label's LabelExplanation.

    Iterating gives the labels, in label order. ``reason`` is that of the Sentence.
    """

    text: str
    labels: Mapping[CrimeType | Stance | str, LabelExplanation]
    reason: str | None = None

    def __getitem__(self, label: CrimeType | Stance | str) -> LabelExplanation:
        try:
            return self.labels[label]
        except (KeyError, TypeError):
            raise OptionError(f"no label {label!r}; there are: {', '.join(self.labels)}") from None

    def __iter__(self) -> Iterator[CrimeType | Stance | str]:
        return iter(self.labels)

    def __len__(self) -> int:
        return len(self.labels)

    def __str__(self) -> str:
        """The labels that hold, and those that came near, with the words that moved them most."""
        outside = [f"outside what the model knows: {self.reason}"] if self.reason else []
        near = [item for item in self.labels.values() if item.holds or item.unsure or item.score >= item.threshold / 2]
        return "\n".join([self.text, *outside, *map(str, near)])


@dataclass(frozen=True)
class ModelInfo:
    """Which model a tagger has.

    Attributes
    ----------
    name, version, language
        As the model was trained.
    labels
        All labels that it knows, in label order.
    format
        Number of the model format (docs/model-format.md).
    digest
        sha256 of the manifest, in hexadecimal: two models with one digest give the same answers.
    scheme
        Its axes, each with its labels: pairs of a name and a tuple.
    """

    name: str
    version: str
    language: str
    labels: tuple[CrimeType | Stance | str, ...]
    format: int
    digest: str
    scheme: Scheme = field(default_factory=lambda: CODEBOOK, repr=False)


def check_expressions(extra: Mapping[str, Sequence[str]], names: Sequence[str]) -> dict[str, list[str]]:
    """``extra_expressions`` with each value checked, a list of str, and each label, one of the lexicon's names.

    Raises
    ------
    OptionError
        If the lexicon has no such name.
    InputError
        If ``extra`` is no mapping, or a value is not a list of str.
    """
    if not isinstance(extra, Mapping):
        raise InputError(f"extra_expressions must map crime types to lists of str, got {type(extra).__name__}")
    checked = {}
    for label, items in extra.items():
        if not isinstance(items, (list, tuple)) or not all(isinstance(item, str) and item.strip() for item in items):
            raise InputError(f"extra_expressions[{str(label)!r}] must be a list of non-empty str, got {items!r}")
        if label not in names:
            raise OptionError(
                f"no CrimeType {str(label)!r}, nor has the model's lexicon that name; there are: {', '.join(names)}"
            )
        checked[str(label)] = list(items)
    return checked
