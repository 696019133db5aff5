from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from secclass import CrimeType, Document, InputError, MissingDependencyError, OptionError, Stance, Tagger
from secclass.plots import crime_by_stance, strip, timeline
from tests.helpers import needed

TEXT = (
    "The ministers agreed to fight drug trafficking. Money laundering is a grave threat to the region. "
    "They met on Monday. The courts sentenced two smugglers of cocaine."
)


@pytest.fixture(autouse=True)
def pyplot() -> Iterator[Any]:
    needed("matplotlib", "plots").use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


@pytest.fixture(scope="module")
def documents(tagger: Tagger) -> list[Document]:
    return list(tagger.stream([TEXT, "They urged banks to act against money laundering.", ""]))


def ticks(axis: Any) -> list[str]:
    return [label.get_text() for label in axis.get_ticklabels()]


def test_strip_has_a_bar_where_a_label_holds(documents: list[Document]) -> None:
    ax = documents[0].plot()
    assert ax.get_title() == "Crime types and stances in 4 sentences"
    assert ax.get_xlabel() == "sentence (number in the text)"
    rows = ["drug trafficking", "money laundering", "proposal", "agreement", "assessment"]
    assert ticks(ax.yaxis) == rows
    bars = {
        rows[at]: [round(path.get_extents().x0 + 0.45) for path in collection.get_paths()]
        for at, collection in enumerate(ax.collections)
    }
    found = {row: [] for row in rows} | {
        str(label).replace("_", " "): [n for n, s in enumerate(documents[0], 1) if label in (*s.crimes, *s.stances)]
        for label in (CrimeType.DRUG_TRAFFICKING, CrimeType.MONEY_LAUNDERING, *Stance)
    }
    assert bars == found
    assert bars["drug trafficking"] == [1, 4]
    assert bars["agreement"] == [1]


def test_heat_map_counts_sentences(documents: list[Document]) -> None:
    ax = crime_by_stance(iter(documents))
    assert ax.get_title() == "Crime types by stance, 5 sentences of 3 documents"
    assert ticks(ax.yaxis) == ["drug trafficking", "money laundering"]
    assert ticks(ax.xaxis) == ["proposal", "agreement", "assessment", "no stance"]
    assert ax.images[0].get_array().tolist() == [[0, 1, 0, 1], [1, 0, 1, 0]]
    assert [text.get_text() for text in ax.texts] == list("01011010")
    assert {(text.get_text(), text.get_color()) for text in ax.texts} == {("0", "black"), ("1", "white")}
    assert ax.images[0].colorbar.ax.get_ylabel() == "sentences"


def test_timeline_shows_shares_of_a_period(documents: list[Document]) -> None:
    ax = timeline(documents, [2024, 2025, 2023])
    assert ax.get_ylabel() == "share of the period's sentences (%)"
    drawn = {line.get_label(): dict(line.get_xydata().tolist()) for line in ax.lines}
    assert drawn == {"drug trafficking": {2024: 50, 2025: 0}, "money laundering": {2024: 25, 2025: 100}}
    assert all(float(tick).is_integer() for tick in ax.get_xticks())
    (line,) = timeline(documents, ["b", "a", "a"], labels=["agreement"]).lines
    assert (line.get_xdata().tolist(), line.get_ydata().tolist()) == (["a", "b"], [0, 25])
    (line,) = timeline(documents, [date(2024, 5, 1)] * 3, labels=[Stance.PROPOSAL]).lines
    assert line.get_ydata().tolist() == [20]


def test_no_two_lines_look_alike(documents: list[Document]) -> None:
    lines = timeline(documents, [1, 2, 3], labels=[*CrimeType, *Stance]).lines
    assert len({(line.get_linestyle(), line.get_marker()) for line in lines}) == 19


def test_draws_where_it_is_told_and_saves(documents: list[Document], tmp_path: Path, pyplot: Any) -> None:
    figure, axes = pyplot.subplots(3)
    assert documents[0].plot(ax=axes[0]) is axes[0]
    assert crime_by_stance(documents, ax=axes[1]) is axes[1]
    assert timeline(documents, [1, 2, 3], ax=axes[2]) is axes[2]
    figure.savefig(tmp_path / "plots.svg")
    assert "<svg" in (tmp_path / "plots.svg").read_text(encoding="utf-8")
    assert pyplot.get_fignums() == [1]


def test_nothing_to_draw_is_drawn(pyplot: Any) -> None:
    for ax in (strip(Document("", ())), crime_by_stance([]), timeline([], [])):
        ax.figure.canvas.draw()
        assert "0 sentences" in ax.get_title()


def test_faults_are_told(documents: list[Document]) -> None:
    with pytest.raises(InputError, match="when ends after 2, documents does not"):
        timeline(documents, [2024, 2025])
    with pytest.raises(InputError, match="documents ends after 3, when does not"):
        timeline(documents, [2024] * 4)
    for missing in (None, float("nan")):
        with pytest.raises(InputError, match=r"document 1 has no period in when \(found (None|nan)\)"):
            timeline(documents, [2024, missing, 2025])
    with pytest.raises(InputError, match="values of one kind that can be sorted, found int, str"):
        timeline(documents, [2024, "2025", 2026])
    with pytest.raises(OptionError, match=r"no CrimeType or Stance 'scams'; there are: terrorism, .*assessment"):
        timeline(documents, [1, 2, 3], labels=["scams"])
    with pytest.raises(OptionError, match="at least one label"):
        timeline(documents, [1, 2, 3], labels=[])


@pytest.mark.parametrize(
    "draw", [Document.plot, strip, lambda doc: crime_by_stance([doc]), lambda d: timeline([d], [1])]
)
def test_without_matplotlib_the_cure_is_named(
    draw: Any, documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingDependencyError, match=r"needs matplotlib: pip install 'secclass\[plots\]'"):
        draw(documents[0])
