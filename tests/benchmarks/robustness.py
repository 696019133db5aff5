"""Do labels stay when only the surface changes, and do they change when the meaning does?

    python tests/benchmarks/robustness.py [MODEL] [--failures]

Surface changes are made by program to the sentences of ``must_pass.tsv`` and to every ``SAMPLE``-th seed; labels
before and after are compared, right or wrong. Rewordings and minimal pairs are written by hand, with their labels,
in ``tests/data``. Country swaps that change a label are always listed; ``--failures`` lists all else that fails.
"""

from __future__ import annotations

import argparse
import csv
import functools
import itertools
import random
import re
import string
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import secclass
from secclass._data import read_labelled

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"
SEEDS = ROOT / "seeds" / "en"
SAMPLE = 10
SURFACE, REWORDING, MINIMAL = 0.97, 0.92, 0.90  # targets
Labels = tuple[frozenset[str], frozenset[str]]  # crimes, stances


def read_rows(name: str) -> list[dict[str, str]]:
    """The rows of a table in ``tests/data``."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def lexicon_words(path: str) -> set[str]:
    """The words and phrases of a lexicon file, notation of word forms taken off."""
    lines = (SEEDS / "lexicon" / path).read_text(encoding="utf-8").splitlines()
    return {form.rstrip("~") for line in lines if not line.startswith("#") for form in line.split("|")} - {""}


FUNCTION_WORDS = lexicon_words("lists/function.txt")

# ---- Spelling

ISE = (
    "organ recogn emphas critic apolog author radical mobil final prior priorit harmon real minim neutral special "
    "util modern legal penal normal stabil marginal victim standard centr jeopard scrutin summar digital formal"
)
OUR = "labour neighbour harbour behaviour honour favour colour rumour armour endeavour flavour saviour vapour odour"
BOTH_WAYS = (
    "centre/center centres/centers theatre/theater metre/meter metres/meters kilometre/kilometer litre/liter "
    "kilometres/kilometers litres/liters fibre/fiber defence/defense offence/offense offences/offenses "
    "pretence/pretense programme/program programmes/programs travelled/traveled travelling/traveling "
    "traveller/traveler travellers/travelers cancelled/canceled fuelled/fueled fuelling/fueling signalled/signaled "
    "labelled/labeled modelled/modeled counselling/counseling jeweller/jeweler jewellers/jewelers jewellery/jewelry "
    "instalment/installment fulfil/fulfill enrol/enroll skilful/skillful grey/gray analyse/analyze "
    "analysed/analyzed paralyse/paralyze catalogue/catalog dialogue/dialog artefact/artifact artefacts/artifacts "
    "sceptical/skeptical judgement/judgment pyjamas/pajamas manoeuvre/maneuver paediatric/pediatric "
    "anaesthetic/anesthetic aluminium/aluminum levelled/leveled quarrelled/quarreled"
)
# The American spelling is also another word in Britain.
TO_AMERICAN = (
    "licence/license licences/licenses cheque/check cheques/checks tyre/tire tyres/tires plough/plow mould/mold "
    "haulier/hauler kerb/curb storey/story"
)


def _spellings() -> dict[str, str]:
    pairs = [
        (f"{stem}is{end}", f"{stem}iz{end}")
        for stem in ISE.split()
        for end in ("e", "es", "ed", "er", "ers", "ing", "ation", "ations")
    ]
    pairs += [
        (word + end, word.replace("our", "or") + end)
        for word in OUR.split()
        for end in ("", "s", "ed", "ing", "hood", "able", "less")
    ]
    pairs += [_pair(words) for words in BOTH_WAYS.split()]
    one_way = [_pair(words) for words in TO_AMERICAN.split()]
    return dict(pairs + one_way) | {american: british for british, american in pairs}


def _pair(words: str) -> tuple[str, str]:
    british, american = words.split("/")
    return british, american


SPELLINGS = _spellings()


def other_spelling(text: str) -> str:
    """British words in American spelling and the reverse."""

    def swapped(match: re.Match[str]) -> str:
        word = match[0]
        other = SPELLINGS.get(word.lower(), word)
        return other.capitalize() if word[0].isupper() else other

    return re.sub(r"[A-Za-z]+", swapped, text)


# ---- Quotes and space


def other_quotes(text: str) -> str:
    """Straight quotes and apostrophes made curly; where there are none, curly ones made straight."""
    if not re.search("[\"']", text):
        return re.sub("[‘’]", "'", re.sub("[“”]", '"', text))
    text = re.sub(r'(^|[\s(\[—–-])"', r"\1“", text).replace('"', "”")
    return re.sub(r"(^|[\s(\[—–-])'", r"\1‘", text).replace("'", "’")


def double_spaces(text: str) -> str:
    return text.replace(" ", "  ")


def line_wraps(text: str) -> str:
    return "\n".join(textwrap.wrap(text, 60, break_on_hyphens=False, break_long_words=False))


# ---- Names

WITH_ARTICLE = {"bahamas", "congo", "gambia", "gaza", "maldives", "netherlands", "philippines", "seychelles", "vatican"}
SHARED_NAMES = lexicon_words("lists/countries.txt")
COUNTRIES = sorted(
    name
    for name in lexicon_words("classes/country.txt") & SHARED_NAMES - WITH_ARTICLE
    if len(name) > 3 and not name.startswith("united")
)
NATIONALITIES = sorted(
    name
    for name in lexicon_words("classes/nationality.txt") & SHARED_NAMES
    if name == "swiss" or (not name.endswith("s") and name != "new zealander")
)
SWAPS = 5  # other countries, and other persons, tried in each sentence


def _names(names: Sequence[str]) -> re.Pattern[str]:
    longest_first = sorted((name.title() for name in names), key=len, reverse=True)
    part_of_other = "".join(f"(?<!{word} )" for word in ("New", "North", "South", "Papua", "Equatorial", "Gulf of"))
    return re.compile(rf"{part_of_other}\b(?:{'|'.join(longest_first)})\b(?! Sea| Strait| Ocean| cartel)")


COUNTRY_NAMES = tuple((names, _names(names)) for names in (COUNTRIES, NATIONALITIES))


def other_countries(text: str, step: int) -> str:
    """Each country's name exchanged for that of another, ``7 * step`` places on in the list."""
    for names, pattern in COUNTRY_NAMES:
        text = pattern.sub(functools.partial(_other_name, names, step), text)
    return text


def _other_name(names: Sequence[str], step: int, match: re.Match[str]) -> str:
    name = match[0].lower()
    like = [other for other in names if (other[0] in "aeiou") == (name[0] in "aeiou")]  # "a" or "an" stays
    return like[(like.index(name) + 7 * step) % len(like)].title()


TITLE = (
    "Mr|Mrs|Ms|Dr|President|Premier|Minister|Chancellor|Senator|Governor|Colonel|Admiral|Judge|Ambassador|"
    "Commissioner|Inspector|Mayor|Professor|Sheikh|Superintendent|Congressman|Captain"
)
PERSON = re.compile(
    rf"\b((?:{TITLE})\.? (?:[A-Z][a-zé]+ )?|said (?:[A-Z][a-zé]+ )?)([A-Z][a-zé]+)\b(?! [A-Z])"
    r"|(?<=[,”\"] )[A-Z][a-z]+(?= said\b)"
)
SURNAMES = [
    *("Abubakar", "Andersson", "Banda", "Castellanos", "Dlamini", "Fernando", "Haddad", "Ibragimov", "Jansen"),
    *("Kowalczyk", "Lindqvist", "Mahmoud", "Nakamura", "Okonkwo", "Petrov", "Quispe", "Rahman", "Takahashi"),
]


def other_persons(text: str, step: int) -> str:
    """Surnames after a title or beside "said" exchanged for others."""
    names = itertools.cycle(random.Random(step).sample(SURNAMES, len(SURNAMES)))
    return PERSON.sub(lambda match: (match[1] or "") + next(names), text)


DATELINE = re.compile(r"^[A-Z][A-Z ]+(?:, \w+ \w+(?: \d{4})?)?(?: \([\w .]+\))?(?: [-–—] |: )")
DATELINES = ("NAIROBI, May 4 (Reuters) — ", "BANGKOK (AP) — ", "KABUL - ", "NEW DELHI, 3 March 2024: ")


def other_dateline(text: str) -> str:
    """The sentence without its dateline; with one, if it has none."""
    without = DATELINE.sub("", text)
    return without if without != text else random.Random(text).choice(DATELINES) + text


# ---- Typing


def typo(text: str) -> str:
    """Two neighbouring letters exchanged inside one longer word that is no function word."""
    words = [
        match
        for match in re.finditer(r"[A-Za-z]{5,}", text)
        if match[0].lower() not in FUNCTION_WORDS and any(a != b for a, b in itertools.pairwise(match[0][1:-1]))
    ]
    if not words:
        return text
    choose = random.Random(text)
    word = choose.choice(words)
    at = choose.choice([at for at in range(word.start() + 1, word.end() - 2) if text[at] != text[at + 1]])
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def other_typo(text: str) -> str:
    """A letter left out, put in or changed, anywhere in one longer word that is no function word."""
    choose = random.Random(text)
    words = [match for match in re.finditer(r"[A-Za-z]{5,}", text) if match[0].lower() not in FUNCTION_WORDS]
    if not words:
        return text
    word = choose.choice(words)
    at = choose.randrange(word.start(), word.end())
    letter = choose.choice(string.ascii_lowercase)
    return text[:at] + choose.choice(["", letter, text[at] + letter]) + text[at + 1 :]


STEPS = range(1, SWAPS + 1)
CHANGES: dict[str, list[Callable[[str], str]]] = {
    "all lower case": [str.lower],
    "all upper case": [str.upper],
    "British/American spelling": [other_spelling],
    "straight/curly quotes": [other_quotes],
    "double spaces": [double_spaces],
    "line wraps": [line_wraps],
    "dateline": [other_dateline],
    "other ministers and persons": [functools.partial(other_persons, step=step) for step in STEPS],
    "other countries": [functools.partial(other_countries, step=step) for step in STEPS],
    "one typo, letters exchanged": [typo],
    "one typo of another kind": [other_typo],
}


# ---- Comparison


@dataclass
class Tally:
    """Pairs compared under one heading: how many hold, by axis and together, and those that do not."""

    name: str
    target: float | None
    crimes: int = 0
    stances: int = 0
    both: int = 0
    pairs: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, crimes: bool, stances: bool, failure: str) -> None:
        self.pairs += 1
        self.crimes += crimes
        self.stances += stances
        self.both += crimes and stances
        if not (crimes and stances):
            self.failures.append(failure)

    def line(self) -> str:
        target = "" if self.target is None else f"{self.target:.0%}"
        shares = " | ".join(f"{part / max(1, self.pairs):.1%}" for part in (self.crimes, self.stances, self.both))
        return f"| {self.name} | {self.pairs} | {shares} | {target} |"


def tags(tagger: secclass.Tagger, texts: Sequence[str]) -> list[Labels]:
    """The labels of each text."""
    return [(frozenset(s.crimes), frozenset(s.stances)) for s in tagger.tag_sentences(texts)]


def document_tags(tagger: secclass.Tagger, text: str) -> Labels:
    """The labels of each sentence of a text, with the sentence's number, so that another split differs."""
    found = list(enumerate(tagger.tag(text)))
    return (
        frozenset(f"{number} {label}" for number, sentence in found for label in sentence.crimes),
        frozenset(f"{number} {label}" for number, sentence in found for label in sentence.stances),
    )


def shown(labels: Labels) -> str:
    return " ".join(sorted(labels[0] | labels[1])) or "none"


def compare(tally: Tally, before: Labels, after: Labels, text: str) -> None:
    tally.add(before[0] == after[0], before[1] == after[1], f"{shown(before)} -> {shown(after)}: {text}")


def surface(tagger: secclass.Tagger, texts: Sequence[str]) -> list[Tally]:
    """Labels before and after each change, over the sentences that it changes."""
    before = tags(tagger, texts)
    tallies = []
    for name, changes in CHANGES.items():
        pairs = [
            (labels, changed)
            for text, labels in zip(texts, before, strict=True)
            for changed in (change(text) for change in changes)
            if changed != text
        ]
        tally = Tally(name, 1.0 if name == "other countries" else SURFACE)
        after = tags(tagger, [changed for _, changed in pairs])
        for (labels, changed), found in zip(pairs, after, strict=True):
            compare(tally, labels, found, changed)
        tallies.append(tally)
    wrapped = Tally("line wraps, split again", SURFACE)
    for text in texts:
        if (changed := line_wraps(text)) != text:
            compare(wrapped, document_tags(tagger, text), document_tags(tagger, changed), changed)
    return [*tallies, wrapped]


def gold(row: dict[str, str], side: str = "") -> Labels:
    """The labels of a row, as written by hand."""
    return frozenset(row[f"{side}crimes"].split()), frozenset(row[f"{side}stances"].split())


def rewordings(tagger: secclass.Tagger) -> list[Tally]:
    """Whether both wordings get the same labels, and whether these are right."""
    rows = read_rows("rewordings.tsv")
    agree, right = Tally("rewordings agree", REWORDING), Tally("rewordings, both right", None)
    sides = [tags(tagger, [row[key] for row in rows]) for key in ("text", "other_text")]
    for row, left, other in zip(rows, *sides, strict=True):
        expected = gold(row)
        place = f"{row['reference']}: {row['text']} / {row['other_text']}"
        compare(agree, left, other, place)
        wrong = [(left[axis] ^ expected[axis]) | (other[axis] ^ expected[axis]) for axis in (0, 1)]
        failure = f"expected {shown(expected)}, got {shown(left)} / {shown(other)}: {place}"
        right.add(not wrong[0], not wrong[1], failure)
    return [agree, right]


def minimal_pairs(tagger: secclass.Tagger) -> list[Tally]:
    """Whether both sides of each pair are right, and whether at least the labels that tell them apart are."""
    rows = read_rows("minimal_pairs.tsv")
    right, apart = Tally("minimal pairs, both right", MINIMAL), Tally("minimal pairs, told apart", None)
    sides = [tags(tagger, [row[key] for row in rows]) for key in ("text", "other_text")]
    for row, left, other in zip(rows, *sides, strict=True):
        wanted, other_wanted = gold(row), gold(row, "other_")
        failure = (
            f"{row['reference']}: expected {shown(wanted)} / {shown(other_wanted)}, "
            f"got {shown(left)} / {shown(other)}: {row['text']} / {row['other_text']}"
        )
        wrong = [(left[axis] ^ wanted[axis]) | (other[axis] ^ other_wanted[axis]) for axis in (0, 1)]
        differing = [wanted[axis] ^ other_wanted[axis] for axis in (0, 1)]
        right.add(not wrong[0], not wrong[1], failure)
        apart.add(not wrong[0] & differing[0], not wrong[1] & differing[1], failure)
    return [right, apart]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="en", help="name or directory of a model (default: en)")
    parser.add_argument("--failures", action="store_true", help="list every pair that fails")
    options = parser.parse_args()
    tagger = secclass.load(options.model)
    seeds = [row.text for row in read_labelled(SEEDS)[::SAMPLE]]
    texts = [row["text"] for row in read_rows("must_pass.tsv")] + seeds
    tallies = [*surface(tagger, texts), *rewordings(tagger), *minimal_pairs(tagger)]
    print("| | pairs | crimes | stances | together | target |")
    print("|---|---|---|---|---|---|")
    for tally in tallies:
        print(tally.line())
    for tally in tallies:
        if tally.failures and (options.failures or tally.name == "other countries"):
            print(f"\n{tally.name}: {len(tally.failures)} fail")
            print(*(f"  {failure!r}" for failure in tally.failures), sep="\n")


if __name__ == "__main__":
    main()
