from __future__ import annotations

import random
from pathlib import Path

import pytest

from secclass import CrimeType, SeedError
from secclass._features import Extractor
from secclass._lexicon import (
    FALLBACK,
    FALSE_FRIEND,
    HINT,
    PLAIN,
    Entry,
    Lexicon,
    Matcher,
    crime_entries,
    expand,
    no_lexicon,
    read_classes,
    read_crimes,
    read_expressions,
)
from secclass._tokens import tokenize

SEEDS = Path(__file__).resolve().parent.parent / "seeds" / "en" / "lexicon"


def test_notation() -> None:
    assert expand("scam compound~") == ["scam compound", "scam compounds"]
    assert expand("body~") == ["body", "bodies"]
    assert expand("smuggle+") == ["smuggle", "smuggles", "smuggled", "smuggling"]
    assert expand("carry+") == ["carry", "carries", "carried", "carrying"]
    assert expand("fraud|scam ring~") == ["fraud ring", "fraud rings", "scam ring", "scam rings"]


def write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_crime_marks(tmp_path: Path) -> None:
    text = "# comment\nterror plot\nct & scan blast\n? cell\n! ct scan\n/ extremism  # said of no other\n"
    text += "? vest & wore|bought & market mosque\n"
    assert read_crimes(write(tmp_path, "terrorism.txt", text), []) == [
        Entry("terror plot", "terrorism", PLAIN),
        Entry("ct", "terrorism", PLAIN, "blast scan"),
        Entry("cell", "terrorism", HINT),
        Entry("ct scan", "terrorism", FALSE_FRIEND),
        Entry("extremism", "terrorism", FALLBACK),
        Entry("vest", "terrorism", HINT, "market mosque & wore|bought"),
    ]


def test_class_forms(tmp_path: Path) -> None:
    text = "call+ for\n=undertake|undertakes|undertook|undertaking to\nundertaken :ed\nplea~\n"
    entries = {(e.phrase, e.owner) for e in read_classes(write(tmp_path, "ask.txt", text))}
    assert {
        ("called for", "ask:ed"),
        ("calls for", "ask:s"),
        ("undertook to", "ask:ed"),
        ("undertaken", "ask:ed"),
        ("pleas", "ask"),
    } <= entries


def test_faults_name_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(SeedError, match=r"terrorism\.txt:2"):
        read_crimes(write(tmp_path / "crimes", "terrorism.txt", "bomb plot\ncell & blast &\n"), [])
    with pytest.raises(SeedError, match=r"stands for 10,000,000,000 phrases"):
        read_crimes(write(tmp_path / "many", "terrorism.txt", " ".join(["|".join("abcdefghij")] * 10)), [])
    with pytest.raises(SeedError, match="no such label"):
        Lexicon.read(write(tmp_path / "a" / "crimes", "jaywalking.txt", "x\n").parent, ["terrorism"])
    with pytest.raises(SeedError, match="names no list"):
        Lexicon.read(write(tmp_path / "b" / "crimes", "terrorism.txt", "x & @nowhere\n").parent, ["terrorism"])


def test_matcher_finds_all_and_prefers_nothing() -> None:
    matcher = Matcher.build({"drug": [1], "drug ring": [2], "ring leader": [3]})
    first, size, sets = matcher.find(tokenize(["The drug ring leader.", "", "Drug"]))
    _, members = matcher.spread(sets)
    assert list(zip(first.tolist(), size.tolist(), members.tolist(), strict=True)) == [
        (2, 2, 2),
        (2, 1, 1),
        (3, 2, 3),
        (8, 1, 1),
    ]


@pytest.fixture(scope="module")
def shipped() -> Lexicon:
    return Lexicon.read(SEEDS, [label.value for label in CrimeType])


def candidates(lexicon: Lexicon, text: str) -> set[str]:
    row = Extractor(lexicon, {"word": (1, 1)}).extract([text]).candidates[0]
    return {name for name, is_there in zip(lexicon.crime_names, row, strict=True) if is_there}


def test_longer_expressions_hide_the_generic_crime_but_no_specific_one(shipped: Lexicon) -> None:
    assert candidates(shipped, "They broke up drug syndicates.") == {"drug_trafficking"}
    assert "cross_border_crime" in candidates(shipped, "They broke up criminal syndicates.")
    assert {"human_trafficking", "drug_trafficking"} <= candidates(shipped, "They fight drug and human trafficking.")


def test_false_friends_hide(shipped: Lexicon) -> None:
    assert candidates(shipped, "Professors live in an ivory tower.") == set()


def test_every_crime_has_at_least_sixty_expressions_beyond_inflections() -> None:
    for label in CrimeType:
        lines = (SEEDS / "crimes" / f"{label}.txt").read_text(encoding="utf-8").splitlines()
        assert sum(bool(line.strip()) and line.lstrip()[0] not in "#!?" for line in lines) >= 60, label


def test_every_class_says_what_it_is() -> None:
    for path in (SEEDS / "classes").glob("*.txt"):
        assert path.read_text(encoding="utf-8").startswith(f"# {path.stem}:"), path.name


def test_expressions_can_be_added(shipped: Lexicon) -> None:
    text = "Two more honey gardens were closed."
    assert candidates(shipped, text) == set()
    more = shipped.with_expressions({"telecom_fraud": ["honey garden~"]})
    assert candidates(more, text) == {"telecom_fraud"}
    assert candidates(shipped, text) == set()


def listed(matcher: Matcher, text: str) -> list[tuple[int, int, list[int]]]:
    """First token, length and members of each expression found in a text, by place."""
    first, size, sets = matcher.find(tokenize([text]))
    place, member = matcher.spread(sets)
    spans = zip(first.tolist(), size.tolist(), strict=True)
    return [(*span, member[place == number].tolist()) for number, span in enumerate(spans)]


def test_a_matcher_finds_what_was_listed_and_nothing_else() -> None:
    """Phrases of four words share most of their states; every phrase is looked for in every place."""
    chance = random.Random(3)

    def some(count: int) -> dict[str, set[int]]:
        return {" ".join(chance.choices("abcd", k=chance.randint(1, 4))): {chance.randrange(3)} for _ in range(count)}

    def expected(phrases: dict[str, set[int]], words: list[str]) -> list[tuple[int, int, list[int]]]:
        spans = [(i, n) for i in range(len(words)) for n in (4, 3, 2, 1) if " ".join(words[i : i + n]) in phrases]
        return [(i + 1, n, sorted(phrases[" ".join(words[i : i + n])])) for i, n in spans if i + n <= len(words)]

    for _ in range(30):
        phrases, more, most = some(30), some(10), some(10)
        words = chance.choices("abcd", k=60)
        built = Matcher.build(phrases)
        assert listed(built, " ".join(words)) == expected(phrases, words)
        merged = {phrase: phrases.get(phrase, set()) | more.get(phrase, set()) for phrase in {**phrases, **more}}
        assert listed(built.extended(more), " ".join(words)) == expected(merged, words)
        every = {phrase: merged.get(phrase, set()) | most.get(phrase, set()) for phrase in {**merged, **most}}
        assert listed(built.extended(more).extended(most), " ".join(words)) == expected(every, words)


def test_expressions_that_go_on_alike_share_their_states() -> None:
    heads, tails = "abcdefgh", "stuvwxyz"
    matcher = Matcher.build({f"{head} of {tail}": {0} for head in heads for tail in tails})
    assert len(matcher.keys) == len(heads) + 1 + len(tails)


def test_expressions_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("# mine\n[Sanction]\nblack list+  # verbs\n? embargo~\n[meeting]\nconfer+\n", encoding="utf-8")
    assert read_expressions(path) == {"Sanction": ["black list+", "? embargo~"], "meeting": ["confer+"]}
    path.write_text("confer+\n", encoding="utf-8")
    with pytest.raises(SeedError, match=r"mine.txt:1: 'confer\+' stands before the first line"):
        read_expressions(path)
    path.write_text("[meeting]\n? & peace\n", encoding="utf-8")
    with pytest.raises(SeedError, match=r"mine.txt:2: .* is not"):
        read_expressions(path)


def test_extra_expressions_have_the_whole_notation() -> None:
    lexicon = no_lexicon().with_expressions({"sanction": ["list & assets"]}).with_expressions({"ban": ["! list price"]})
    assert lexicon.crime_names == ("sanction", "ban")
    texts = ["Assets on the list.", "A list.", "The list price of assets."]
    found = Extractor(lexicon, {}).extract(texts)
    assert found.candidates.tolist() == [[True, False], [False, False], [True, False]]


def test_company_of_each_kind_must_stand_in_the_sentence() -> None:
    extra = {"theft": ["took & cash|gold & van~ @vehicle"], "joyride": ["? took & van~"]}
    lexicon = no_lexicon()._grown(
        [entry for owner, (line,) in extra.items() for entry in crime_entries(line, owner, "here")],
        lists=[Entry("motor boat", "@vehicle")],
    )
    texts = ["He took gold in two vans.", "Cash was in the motor boat they took.", "He took gold.", "He took a van."]
    found = Extractor(lexicon, {}).extract([*texts, "A van with cash."])
    assert lexicon.crime_names == ("joyride", "theft")
    assert found.candidates.tolist() == [[True, True], [False, True], [False, False], [True, False], [False, False]]


def test_a_hint_in_company_is_told_from_bare_hints_and_from_sure_expressions() -> None:
    lines = ["took & van", "? took & van", "? took"]
    seen = [
        {
            *Extractor(no_lexicon().with_expressions({"theft": [line]}), {})
            .extract(["He took a van."])
            .groups["crime"]
            .key
        }
        for line in lines
    ]
    assert all(seen)
    assert sum(map(len, seen)) == len(set.union(*seen))


def test_extra_expressions_may_name_lists_of_the_lexicon_that_they_extend() -> None:
    base = no_lexicon()._grown([], lists=[Entry("motor boat", "@vehicle")])
    lexicon = base.with_expressions({"theft": ["took & @vehicle"]})
    assert Extractor(lexicon, {}).extract(["He took a motor boat.", "He took it."]).candidates.tolist() == [
        [True],
        [False],
    ]
    with pytest.raises(SeedError, match="'@plane' names no list; there are: vehicle"):
        base.with_expressions({"theft": ["took & @plane"]})


def test_a_list_may_stand_as_a_word_of_an_expression(tmp_path: Path) -> None:
    write(tmp_path / "crimes", "theft.txt", "@take|grabbed the @vehicle & night\n")
    write(tmp_path / "lists", "take.txt", "made off with\nstole\n")
    write(tmp_path / "lists", "vehicle.txt", "van~\nmotor boat\n")
    lexicon = Lexicon.read(tmp_path, ["theft"])
    texts = ["They made off with the motor boat at night.", "At night he grabbed the vans.", "He stole the van."]
    assert Extractor(lexicon, {}).extract(texts).candidates.ravel().tolist() == [True, True, False]
    write(tmp_path / "crimes", "theft.txt", "@take the @plane\n")
    with pytest.raises(SeedError, match="'@plane' names no list; there are: @take, @vehicle"):
        Lexicon.read(tmp_path, ["theft"])
