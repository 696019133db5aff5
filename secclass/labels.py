"""The label sets: 16 crime types and 3 stances, in the order of the codebook (docs/codebook.md); and schemes.

A scheme is what a model tells: its axes, each with its labels. That of the shipped model is ``CODEBOOK``. Other models
may have axes of other names, whose labels are plain str; the axes ``crimes`` and ``stances`` always have labels of the
codebook.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from secclass.errors import OptionError

Scheme = tuple[tuple[str, tuple[str, ...]], ...]
MOST_LABELS = 1_000  # of all axes together, or names in a lexicon: far above what anybody can tell apart
_LONGEST_LABEL, _LONGEST_AXIS = 100, 50
DIVIDERS = ";|"  # between the labels of one cell of a table
# What tables of labelled and of tagged sentences hold beside the axes.
_COLUMNS = (
    *("id", "text", "genre", "free", "natural", "offtopic"),
    *("file", "row", "sentence", "start", "end", "stance", "unsure", "reason"),
)


class _Label(str, Enum):
    """A string enum whose members carry a title and a one-line definition."""

    title: str  # type: ignore[assignment]  # shadows str.title on purpose: a label's title is what users read
    definition: str

    def __new__(cls, value: str, title: str, definition: str) -> _Label:
        member = str.__new__(cls, value)
        member._value_ = value
        member.title = title
        member.definition = definition
        return member

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        return format(str(self.value), spec)


class CrimeType(_Label):
    """What crime a sentence speaks of. Any number of them may hold; tense, polarity and mood do not matter."""

    TERRORISM = (
        "terrorism",
        "Terrorism and violent extremism",
        "Violence or threats, or preparing, financing, inciting or joining them, "
        "meant to intimidate a population or force a government.",
    )
    DRUG_TRAFFICKING = (
        "drug_trafficking",
        "Illicit drugs",
        "Any activity with illicit drugs or the chemicals used to make them: "
        "growing, making, moving, selling, holding or using.",
    )
    HUMAN_TRAFFICKING = (
        "human_trafficking",
        "Trafficking in persons and forced labour",
        "Recruiting, moving, holding or receiving people by force, deceit or abuse of weakness "
        "in order to exploit them, and the exploitation itself.",
    )
    ILLEGAL_BORDER_CROSSING = (
        "illegal_border_crossing",
        "Illegal border crossing and people smuggling",
        "Entering, leaving or staying in a country against its law, or organising this for others for gain.",
    )
    TELECOM_FRAUD = (
        "telecom_fraud",
        "Telecom and online fraud",
        "Getting money or credentials by deceiving people through phone, messaging, social media or websites, "
        "including running the places that do it.",
    )
    ILLEGAL_GAMBLING = (
        "illegal_gambling",
        "Illegal and online gambling",
        "Running, promoting or joining betting or gaming that the text treats as unlawful or as a crime problem.",
    )
    CYBERCRIME = (
        "cybercrime",
        "Cybercrime",
        "Unlawful access to, interference with or misuse of computers, networks or data, "
        "including crimes that exist only online.",
    )
    MONEY_LAUNDERING = (
        "money_laundering",
        "Money laundering and illicit finance",
        "Hiding, moving, converting or recovering the proceeds of crime.",
    )
    ARMS_TRAFFICKING = (
        "arms_trafficking",
        "Arms trafficking",
        "Making, moving, selling or holding weapons, ammunition, explosives or CBRN material unlawfully.",
    )
    MARITIME_PIRACY = (
        "maritime_piracy",
        "Piracy and armed robbery at sea",
        "Violence, robbery, boarding or hijacking against ships or their crews for private ends.",
    )
    ENVIRONMENTAL_CRIME = (
        "environmental_crime",
        "Wildlife, timber and other environmental crime",
        "Unlawful taking, trading or damaging of wildlife, forests, fish, minerals or the environment.",
    )
    CORRUPTION = ("corruption", "Corruption", "Giving, taking or abusing power or public money for private gain.")
    GOODS_SMUGGLING = (
        "goods_smuggling",
        "Smuggling and illicit goods",
        "Moving, making or selling goods in breach of customs, tax, safety or intellectual-property rules.",
    )
    ECONOMIC_CRIME = (
        "economic_crime",
        "Economic and financial crime",
        "Other offences for financial gain by deceit or breach of financial rules.",
    )
    KIDNAPPING_EXTORTION = (
        "kidnapping_extortion",
        "Kidnapping and extortion",
        "Seizing or holding people, or threatening harm, to get money or a concession.",
    )
    CROSS_BORDER_CRIME = (
        "cross_border_crime",
        "Cross-border and organised crime, generic",
        "Crime spoken of in general, as cross-border, transnational or organised, "
        "or as an object of cooperation between states.",
    )


class Stance(_Label):
    """What is being done with words. Any number of them may hold; polarity and mood matter."""

    PROPOSAL = (
        "proposal",
        "Proposal",
        "An actor asks, urges, orders, advises, invites or offers an action not yet agreed, "
        "or says that an action must, should or needs to be taken.",
    )
    AGREEMENT = (
        "agreement",
        "Agreement / commitment",
        "An actor commits itself to a course of action, or parties or an authorised body decide on one.",
    )
    ASSESSMENT = (
        "assessment",
        "Assessment",
        "A judgement (importance, gravity, quality, cause, prospect, praise, blame, thanks, concern) "
        "as a main or coordinated act.",
    )


def find_label(value: str, *kinds: type[CrimeType] | type[Stance]) -> CrimeType | Stance:
    """The label of these kinds that has the identifier ``value``.

    Raises
    ------
    OptionError
        If there is none.
    """
    known = [label for kind in kinds for label in kind]
    for label in known:
        if label == value:
            return label
    names = " or ".join(kind.__name__ for kind in kinds)
    raise OptionError(f"no {names} {value!r}; there are: {', '.join(known)}")


CODEBOOK: Scheme = (("crimes", tuple(CrimeType)), ("stances", tuple(Stance)))
AXES: dict[str, tuple[str, ...]] = {axis: tuple(str(label) for label in labels) for axis, labels in CODEBOOK}
_KINDS: dict[str, type[CrimeType] | type[Stance]] = {"crimes": CrimeType, "stances": Stance}


def members(axis: str, labels: Sequence[str]) -> tuple[str, ...]:
    """The labels of an axis as they are given to users: on the axes of the codebook as its members."""
    kind = _KINDS.get(axis)
    return tuple(labels) if kind is None else tuple(kind[label.upper()] for label in labels)


def title_of(label: str) -> str:
    """How a label is shown to readers."""
    return label.title if isinstance(label, (CrimeType, Stance)) else label


def check_name(label: str) -> None:
    """See that a str can be a label.

    Raises
    ------
    ValueError
        If it cannot; the message says what a label is.
    """
    fit = label.isprintable() and label == label.strip() and 0 < len(label) <= _LONGEST_LABEL
    if not fit or set(label) & set(DIVIDERS):
        raise ValueError(
            f"a label has 1 to {_LONGEST_LABEL} printable characters, none of them one of {DIVIDERS} and no space at "
            f"either end, got {label[: _LONGEST_LABEL + 1]!r}"
        )


def check_scheme(scheme: Scheme) -> None:
    """See that a model can have these axes and labels, and that each has a column of its own in a table.

    Raises
    ------
    ValueError
        If not; the message says what is wrong.
    """
    labels = [label for _, names in scheme for label in names]
    if not scheme or not all(names for _, names in scheme) or len(labels) > MOST_LABELS:
        counts = ", ".join(f"{len(names)} on {axis[:_LONGEST_AXIS]!r}" for axis, names in scheme)
        raise ValueError(
            f"a model has at least one axis, each with at least one label, at most {MOST_LABELS} in all; got "
            f"{counts[:500] or 'no axis'}"
        )
    for axis, _ in scheme:
        if not axis.isidentifier() or len(axis) > _LONGEST_AXIS or axis in _COLUMNS:
            raise ValueError(
                f"an axis has a name of up to {_LONGEST_AXIS} letters, digits and underscores that begins with no "
                f"digit and is none of {', '.join(_COLUMNS)}; got {axis[: _LONGEST_AXIS + 1]!r}"
            )
    for label in labels:
        check_name(label)
    axis_of: dict[str, str] = {}
    for axis, names in scheme:
        for label in names:
            if label in axis_of:
                raise ValueError(f"label {label!r} is on axis {axis_of[label]!r} and on axis {axis!r}; rename one")
            axis_of[label] = axis
    twice = {axis for axis, _ in scheme} & {f"{label}_score" for label in labels}
    if twice:
        raise ValueError(f"axis {min(twice)!r} has the name of the column for the scores of a label; rename it")
