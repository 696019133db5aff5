from __future__ import annotations

from secclass._tokens import NUMBER_KEY, YEAR_KEY, phrase_keys, tokenize


def words(text: str) -> list[str]:
    tokens = tokenize([text])
    spans = zip(tokens.start, tokens.end, tokens.boundary, strict=True)
    return [text[start:end] for start, end, boundary in spans if not boundary]


def test_tokens_of_running_text() -> None:
    assert words("They don't agree, said the U.S. cross-border unit.") == [
        *("They", "don", "t", "agree", ",", "said", "the", "U", "S", "cross", "border", "unit", ".")
    ]
    assert words("1,200 kg in 2023...") == ["1,200", "kg", "in", "2023", "..."]
    assert words("“Ja” – “nein”") == ["“", "Ja", "”", "–", "“", "nein", "”"]


def test_scripts_without_spaces_give_a_token_a_character() -> None:
    assert words("诈骗 ไทย") == ["诈", "骗", "ไ", "ท", "ย"]


def test_case_accents_hyphens_and_quotes_fold() -> None:
    for left, right in [
        ("Counter-Terrorism", "counter terrorism"),
        ("Bogotá", "bogota"),
        ("don’t", "don't"),
        ("“x”", '"x"'),
        ("anti–drug", "anti-drug"),
        ("İstanbul", "istanbul"),
    ]:
        assert phrase_keys([left]) == phrase_keys([right])
    assert phrase_keys(["ab"]) != phrase_keys(["ba"])


def test_numbers_and_years() -> None:
    assert phrase_keys(["1,200", "7", "3.5"]) == [[NUMBER_KEY]] * 3
    assert phrase_keys(["1999", "2031"]) == [[YEAR_KEY]] * 2


def test_a_sentence_has_the_same_tokens_in_any_batch() -> None:
    texts = ["One thing.", "", "a b", "I", "Ünïcode \ud800 and 😀.", "a" * 5000]
    together = tokenize(texts)
    for index, text in enumerate(texts):
        alone = tokenize([text])
        mine = (together.sentence == index) & ~together.boundary
        for name in ("key", "start", "end", "capital", "joined", "ending"):
            assert (getattr(together, name)[mine] == getattr(alone, name)[~alone.boundary]).all(), name
