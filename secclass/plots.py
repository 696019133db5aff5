"""Plots of tagged documents, drawn with matplotlib: ``strip``, ``crime_by_stance`` and ``timeline``.

Each draws into the axes that it is given, or else into a new figure, and returns the axes: titles, labels and sizes
can be changed there, and ``ax.figure.savefig("plot.png")`` saves it. What is shown by colour is shown by
brightness, shape or place too, so that a plot can be read in print without colours.

All raise MissingDependencyError where matplotlib is not installed: ``pip install 'secclass[plots]'``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from numbers import Integral
from typing import TYPE_CHECKING, Any, Protocol

from secclass.errors import InputError, OptionError, optional
from secclass.labels import CrimeType, Stance, find_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CRIME, _STANCE = "#1f4e79", "#c55a11"
_LINES = ("-", "--", "-.", ":")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")  # four and seven: no two of 28 lines look alike
_NO_STANCE = "no stance"
_END = object()


class _Sentence(Protocol):
    """What is read of a Sentence."""

    @property
    def crimes(self) -> tuple[CrimeType, ...]: ...
    @property
    def stances(self) -> tuple[Stance, ...]: ...


def strip(document: Sequence[_Sentence], *, ax: Axes | None = None) -> Axes:
    """Draw a document as a strip: a column a sentence, a row for each crime type in it and each stance.

    Parameters
    ----------
    document : Document
        What ``tag`` or ``stream`` gives.
    ax : matplotlib Axes, optional
        Where to draw; a new figure without.
    """
    found = {crime for sentence in document for crime in sentence.crimes}
    rows: list[CrimeType | Stance] = [*(crime for crime in CrimeType if crime in found), *Stance]
    ax = _axes(ax, "strip", width=min(10.0, 4.5 + 0.2 * len(document)), height=1.1 + 0.26 * len(rows))
    for at, label in enumerate(rows):
        columns = [n for n, s in enumerate(document, 1) if label in s.crimes or label in s.stances]
        colour = _CRIME if isinstance(label, CrimeType) else _STANCE
        ax.broken_barh([(n - 0.45, 0.9) for n in columns], (at - 0.4, 0.8), color=colour, linewidth=0)
    ax.axhline(len(found) - 0.5, color="black", linewidth=0.8)
    ax.set_xlim(0.5, max(1, len(document)) + 0.5)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_yticks(range(len(rows)), [_words(label) for label in rows])
    ax.grid(axis="x", color="0.85")
    ax.set_axisbelow(True)
    ax.locator_params(axis="x", integer=True)
    ax.set_xlabel("sentence (number in the text)")
    ax.set_title(f"Crime types and stances in {_counted(len(document), 'sentence')}")
    return ax


def crime_by_stance(documents: Iterable[Sequence[_Sentence]], *, ax: Axes | None = None) -> Axes:
    """Draw how many sentences join each crime type with each stance, over all documents, as a heat map.

    A sentence counts in every cell whose two labels it has; the last column holds the sentences without a stance.
    Crime types that no sentence speaks of have no row.

    Parameters
    ----------
    documents : iterable of Document
        What ``stream`` gives.
    ax : matplotlib Axes, optional
        Where to draw; a new figure without.
    """
    cells: Counter[tuple[CrimeType, str]] = Counter()
    number = sentences = 0
    for document in documents:
        number += 1
        sentences += len(document)
        for sentence in document:
            cells.update((crime, stance) for crime in sentence.crimes for stance in sentence.stances or (_NO_STANCE,))
    found = {crime for crime, _ in cells}
    rows = [crime for crime in CrimeType if crime in found]
    columns = [*Stance, _NO_STANCE]
    ax = _axes(ax, "crime_by_stance", width=6.8, height=1.3 + 0.3 * len(rows))
    counts = [[cells[crime, stance] for stance in columns] for crime in rows]
    most = max(cells.values(), default=1)
    image = ax.imshow(counts or [[0] * len(columns)], cmap="Greys", vmin=0, vmax=most, aspect="auto")
    for at, line in enumerate(counts):
        for column, count in enumerate(line):
            colour = "white" if count > 0.65 * most else "black"
            ax.text(column, at, f"{count:,}", ha="center", va="center", color=colour)
    ax.set_xticks(range(len(columns)), [_words(column) for column in columns])
    ax.set_yticks(range(len(rows)), [_words(crime) for crime in rows])
    ax.figure.colorbar(image, ax=ax, label="sentences")
    scope = f"{_counted(sentences, 'sentence')} of {_counted(number, 'document')}"
    ax.set_title(f"Crime types by stance, {scope}")
    return ax


def timeline(
    documents: Iterable[Sequence[_Sentence]],
    when: Iterable[Any],
    *,
    labels: Sequence[CrimeType | Stance | str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw which share of the sentences of each period has a label, a line a label.

    Parameters
    ----------
    documents : iterable of Document
        What ``stream`` gives.
    when : iterable
        The period of each document, in the same order: numbers (2024), dates, or str ("2024-03"). Documents with
        equal values are one period; a period without sentences has no point.
    labels : sequence of CrimeType, Stance or str, optional
        Which labels to draw; without, the five crime types that most sentences speak of.
    ax : matplotlib Axes, optional
        Where to draw; a new figure without.

    Raises
    ------
    InputError
        If there are not as many periods as documents, if one is missing, or if they cannot be put in order.
    OptionError
        If a label does not exist, or none is given.
    """
    chosen = None if labels is None else [find_label(label, CrimeType, Stance) for label in labels]
    if chosen == []:
        raise OptionError("labels must name at least one label, or be None for the five most frequent crime types")
    sentences: Counter[Any] = Counter()  # of each period
    having: defaultdict[CrimeType | Stance, Counter[Any]] = defaultdict(Counter)
    for document, period in _paired(documents, when):
        sentences[period] += len(document)
        for sentence in document:
            labels_of: list[CrimeType | Stance] = [*sentence.crimes, *sentence.stances]
            for label in labels_of:
                having[label][period] += 1
    if chosen is None:
        found: list[CrimeType | Stance] = [crime for crime in CrimeType if crime in having]
        chosen = sorted(found, key=lambda crime: -having[crime].total())[:5]
    ax = _axes(ax, "timeline", width=7.2, height=3.8)
    periods = _in_order(period for period, total in sentences.items() if total)
    for at, label in enumerate(chosen):
        shares = [100 * having[label][period] / sentences[period] for period in periods]
        line, marker = _LINES[at % len(_LINES)], _MARKERS[at % len(_MARKERS)]
        ax.plot(periods, shares, label=_words(label), linestyle=line, marker=marker)
    if all(isinstance(period, Integral) for period in periods):
        ax.locator_params(axis="x", integer=True)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("share of the period's sentences (%)")
    ax.grid(axis="y", color="0.85")
    if chosen:
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, handlelength=3.5)
    ax.set_title(f"Labels over time, {_counted(sentences.total(), 'sentence')}")
    return ax


def _axes(ax: Axes | None, purpose: str, *, width: float, height: float) -> Axes:
    """The axes that were given, or those of a new figure of this size in inches."""
    with optional("plots", purpose):
        from matplotlib import pyplot
    return pyplot.subplots(figsize=(width, height), layout="constrained")[1] if ax is None else ax


def _paired(documents: Iterable[Any], when: Iterable[Any]) -> Iterator[tuple[Sequence[_Sentence], Any]]:
    pairs: Iterable[tuple[Any, Any]] = zip_longest(documents, when, fillvalue=_END)
    for index, (document, period) in enumerate(pairs):
        if document is _END or period is _END:
            short, long = ("when", "documents") if period is _END else ("documents", "when")
            raise InputError(f"timeline needs a period for each document: {short} ends after {index}, {long} does not")
        if period is None or period != period:  # NaN and NaT differ from themselves
            raise InputError(f"document {index} has no period in when (found {period!r}); leave the document out")
        yield document, period


def _in_order(periods: Iterable[Any]) -> list[Any]:
    found = list(periods)
    try:
        return sorted(found)
    except TypeError:
        kinds = ", ".join(sorted({type(period).__name__ for period in found}))
        raise InputError(f"when must hold values of one kind that can be sorted, found {kinds}") from None


def _words(label: str) -> str:
    """A label as axes show it: ``telecom fraud``."""
    return str(label).replace("_", " ")


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
