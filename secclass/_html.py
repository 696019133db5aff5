"""Tagged text as HTML that needs nothing else, no script either.

Stance colours the text of a sentence; each crime type that it speaks of stands after it as a label, with the colour
of its family: sixteen colours cannot be told apart, six can, and the label says the rest. Labels of a model's own axes
stand there too, all of one axis in one of the six colours. The colours are picked so
that text on them can be read, and so that they stay apart for readers with any of the three colour blindnesses.
"""

from __future__ import annotations

import html
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from secclass.labels import CrimeType, Stance, title_of

_FAMILIES = {
    "violence": (
        CrimeType.TERRORISM,
        CrimeType.ARMS_TRAFFICKING,
        CrimeType.MARITIME_PIRACY,
        CrimeType.KIDNAPPING_EXTORTION,
    ),
    "persons": (CrimeType.HUMAN_TRAFFICKING, CrimeType.ILLEGAL_BORDER_CROSSING),
    "goods": (CrimeType.DRUG_TRAFFICKING, CrimeType.GOODS_SMUGGLING, CrimeType.ENVIRONMENTAL_CRIME),
    "online": (CrimeType.TELECOM_FRAUD, CrimeType.ILLEGAL_GAMBLING, CrimeType.CYBERCRIME),
    "money": (CrimeType.MONEY_LAUNDERING, CrimeType.CORRUPTION, CrimeType.ECONOMIC_CRIME),
    "generic": (CrimeType.CROSS_BORDER_CRIME,),
}
_KIND_OF: dict[str, str] = {
    **{crime: family for family, crimes in _FAMILIES.items() for crime in crimes},
    **{stance: f"stance {stance}" for stance in Stance},
}
# Of each family, and of each stance behind text: the colour in light, and in dark surroundings.
_COLOURS = {
    "violence": ("#6b0d16", "#ffb3a3"),
    "persons": ("#0057c2", "#9cc4ff"),
    "goods": ("#0b7d16", "#45c05a"),
    "online": ("#23085e", "#b58cff"),
    "money": ("#80703f", "#e9f56b"),
    "generic": ("#3f3f46", "#b0b0b0"),
    "proposal": ("#a9c8ff", "#153a9c"),
    "agreement": ("#ffd27a", "#6b4e0c"),
    "assessment": ("#d8b4cf", "#86106e"),
    "text": ("#1b1b1b", "#ececec"),
    "ground": ("#ffffff", "#161616"),
}
_RULES = """
.secclass{color:var(--text);background:var(--ground);font:1rem/1.8 system-ui,sans-serif;max-width:48rem;
margin:0 auto;padding:.5rem 1rem;white-space:pre-wrap;overflow-wrap:anywhere}
.secclass mark{color:inherit;background:none;padding:.15em 0;
-webkit-box-decoration-break:clone;box-decoration-break:clone}
.secclass mark.unsure{text-decoration:underline dotted;text-underline-offset:.3em}
.secclass b,.secclass i{display:inline-block;font-size:.75rem;line-height:1.4;white-space:nowrap;
border-radius:.3em;padding:0 .4em;margin:0 0 0 .3em}
.secclass b{color:var(--ground);font-weight:600}
.secclass b.stance{color:var(--text)}
.secclass i{border:1px dashed}
"""


@dataclass(frozen=True)
class Marked:
    """One sentence of a text: its place, labels, and what is said where the pointer rests on it."""

    start: int
    end: int
    crimes: Sequence[CrimeType]
    stances: Sequence[Stance]
    leading: Stance | None
    unsure: Sequence[str]
    reason: str | None
    hover: str
    own: Sequence[Sequence[str]] = ()  # labels on each axis of one's own


def style() -> str:
    """The rules that ``body`` needs."""
    light, dark = ("".join(f"--{name}:{pair[place]};" for name, pair in _COLOURS.items()) for place in (0, 1))
    stances = "".join(f".secclass .{stance}{{background:var(--{stance})}}" for stance in Stance)
    families = "".join(f".secclass .{family}{{background:var(--{family})}}" for family in _FAMILIES)
    dark = f"@media(prefers-color-scheme:dark){{.secclass{{{dark}}}}}"
    return f"<style>\n.secclass{{{light}}}\n{dark}{_RULES}{stances}\n{families}\n</style>\n"


def body(text: str, sentences: Iterable[Marked]) -> str:
    """A text with its labels; all of it is escaped."""
    parts, at = [], 0
    for sentence in sentences:
        kinds = " ".join([*([sentence.leading] if sentence.leading else []), *(["unsure"] if sentence.unsure else [])])
        hover = f'class="{kinds}" title="{html.escape(sentence.hover)}"'
        given: list[tuple[str, str]] = [(_KIND_OF[label], label) for label in (*sentence.stances, *sentence.crimes)]
        for kind, own in zip(itertools.cycle(_FAMILIES), sentence.own):
            given += [(kind, label) for label in own]
        labels = [
            f'<b class="{kind}">{html.escape(title_of(label))}{" ?" if label in sentence.unsure else ""}</b>'
            for kind, label in given
        ]
        if sentence.reason:
            labels.append(f"<i>{html.escape(sentence.reason)}</i>")
        parts += [
            html.escape(text[at : sentence.start]),
            f"<mark {hover}>{html.escape(text[sentence.start : sentence.end])}</mark>{''.join(labels)}",
        ]
        at = sentence.end
    return f'<div class="secclass">{"".join(parts)}{html.escape(text[at:])}</div>\n'


def page(bodies: Iterable[str]) -> Iterator[str]:
    """A page of bodies, piece by piece."""
    yield (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>secclass</title>\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"{style()}<style>html{{color-scheme:light dark}}body{{margin:0;background:{_COLOURS['ground'][0]}}}"
        f"@media(prefers-color-scheme:dark){{body{{background:{_COLOURS['ground'][1]}}}}}</style>\n"
    )
    yield from bodies
    yield "</html>\n"
