"""Models of labels of one's own: trained by the command line, loaded, tagging as the shipped model does."""

from __future__ import annotations

import csv
import io
import json
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import secclass
from secclass import CrimeType, InputError, OptionError, Stance, Tagger, _network_training, _store
from secclass.__main__ import main
from secclass._data import read_own
from tests.helpers import few_seeds, needed

ROOT = Path(__file__).resolve().parent.parent
SENTENCES = ROOT / "tests" / "data" / "scheme.csv"
SCHEME = (("topic", ("border", "trade", "water")), ("tone", ("friendly", "hostile")))
TEXT = (
    "They insulted our guards at the <b>border</b>. The tariff is a shameful attack. "
    "It rained on Friday. Neighbours kindly shared river water."
)
LEXICON = "[trade]\nbarter+ & goods  # verbs\nhaggl~\n[cattle raid]\nrustl+\n"


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of two axes, one with a lexicon beside it."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "words.txt").write_text(LEXICON, encoding="utf-8")
    assert run("train", SENTENCES, "--output", folder / "river") == 0
    assert run("train", SENTENCES, "--output", folder / "words", "--lexicon", folder / "words.txt") == 0
    return folder


@pytest.fixture(scope="module")
def own(folder: Path) -> Tagger:
    return secclass.load(folder / "river")


def test_sentences_get_the_labels_of_their_axes(own: Tagger) -> None:
    doc = own.tag(TEXT)
    found = [{axis: " ".join(labels) for axis, labels in s.labels.items()} for s in doc]
    assert found == [
        {"topic": "border", "tone": "hostile"},
        {"topic": "trade", "tone": "hostile"},
        {"topic": "", "tone": ""},
        {"topic": "water", "tone": "friendly"},
    ]
    for s in doc:
        assert {axis: tuple(scores) for axis, scores in s.scores.items()} == dict(SCHEME)
        assert all(0 <= score <= 1 for scores in s.scores.values() for score in scores.values())
        assert (s.crimes, s.stances, s.stance, s.crime_scores, s.stance_scores, s.reason) == (
            (),
            (),
            None,
            {},
            {},
            None,
        )
    assert {type(label) for s in doc for labels in s.labels.values() for label in labels} == {str}
    assert own.info.name == "river"
    assert own.info.scheme == doc.scheme == SCHEME
    assert own.info.labels == ("border", "trade", "water", "friendly", "hostile")


def test_the_shipped_labels_stand_under_their_axes_too(tagger: Tagger) -> None:
    s = tagger.tag("The ministers agreed to fight drug trafficking.")[0]
    assert s.labels == {"crimes": (CrimeType.DRUG_TRAFFICKING,), "stances": (Stance.AGREEMENT,)}
    assert s.scores == {"crimes": s.crime_scores, "stances": s.stance_scores}
    assert tagger.info.scheme == (("crimes", tuple(CrimeType)), ("stances", tuple(Stance)))


def test_records_counts_and_copies(own: Tagger) -> None:
    doc = own.tag(TEXT)
    record = json.loads(doc.to_json())[0]
    assert list(record) == ["text", "start", "end", "labels", "scores", "unsure", "reason"]
    assert record["labels"] == {"topic": ["border"], "tone": ["hostile"]}
    assert record["scores"] == doc[0].scores
    assert doc.counts() == {"border": 1, "trade": 1, "water": 1, "friendly": 1, "hostile": 2}
    assert own.tag("").counts() == dict.fromkeys(own.info.labels, 0)
    assert pickle.loads(pickle.dumps(doc)) == doc
    assert pickle.loads(pickle.dumps(own)).tag(TEXT) == doc
    with pytest.raises(TypeError):
        doc[0].own_scores["topic"]["border"] = 1.0  # type: ignore[index]
    with pytest.raises(OptionError, match="plots show crime types and stances"):
        doc.plot()


def test_many_texts_and_data_frames(own: Tagger) -> None:
    texts = [TEXT, None, "The tariff rose."]
    documents = list(own.stream(texts, n_jobs=2, batch_size=1, errors="collect"))  # type: ignore[arg-type]
    assert documents[0] == own.tag(TEXT)
    assert isinstance(documents[1].error, InputError)
    assert {document.scheme for document in documents} == {SCHEME}
    pandas = needed("pandas", "frames")
    needed("narwhals", "frames")
    frame = own.tag_frame(pandas.DataFrame({"body": [TEXT, None]}), "body")
    scores = [f"{label}_score" for label in own.info.labels]
    assert list(frame.columns) == ["sentence", "start", "end", "topic", "tone", "unsure", "reason", *scores]
    assert list(map(list, frame["topic"][:4])) == [["border"], ["trade"], [], ["water"]]
    assert list(own.tag("").to_frame().columns) == ["text", *frame.columns[1:]]


def test_thresholds_and_doubt(own: Tagger) -> None:
    assert list(own.thresholds) == list(own.info.labels)
    never = own.tag(TEXT, thresholds={"border": 1.0})
    assert never[0].labels == {"topic": (), "tone": ("hostile",)}
    assert never[0].unsure == ("border",)
    for point in ("precision", "recall"):
        assert secclass.load(own._directory, thresholds=point).thresholds != own.thresholds  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="names no label of the model, 'terrorism'; there are: border"):
        own.tag(TEXT, thresholds={"terrorism": 0.5})


def test_explanations_add_up(own: Tagger) -> None:
    why = own.explain("The tariff is a shameful attack.")
    assert list(why) == list(own.info.labels)
    for label in why.labels.values():
        assert label.raw == pytest.approx(label.bias + sum(part.weight for part in label.contributions))
    assert "tariff" in {words for words, _ in why["trade"].words(3)}
    with pytest.raises(OptionError, match="no label 'terrorism'; there are: border, trade"):
        why["terrorism"]


def test_the_page_shows_labels_as_text(own: Tagger) -> None:
    page = own.tag(TEXT).to_html()
    assert '<b class="violence">border</b><b class="persons">hostile</b>' in page
    assert "&lt;b&gt;border&lt;/b&gt;" in page
    odd = secclass.Sentence(
        *("x", 0, 1, (), (), {}, {}), own_labels={"a": ("<i>&",)}, own_scores={"a": {"<i>&": 0.7}}, unsure=("<i>&",)
    )
    page = secclass.Document("x", (odd,)).to_html()
    assert 'title="&lt;i&gt;&amp; 0.70 (unsure)">x</mark><b class="violence">&lt;i&gt;&amp; ?</b>' in page


def test_the_command_line_tags_and_lists(own: Tagger, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "text.txt").write_text(TEXT, encoding="utf-8")
    model = folder / "river"
    capsys.readouterr()
    assert run("tag", folder / "text.txt", "--model", model, "--format", "csv", "--thresholds", "recall") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    tagged = own.tag(TEXT, thresholds="recall")
    assert [row["topic"] for row in rows] == [";".join(s.labels["topic"]) for s in tagged]
    assert any(";" in row["topic"] for row in rows)
    assert float(rows[0]["hostile_score"]) == pytest.approx(tagged[0].scores["tone"]["hostile"], abs=1e-4)
    assert run("tag", folder / "text.txt", "--model", model) == 0
    assert [json.loads(line)["labels"] for line in capsys.readouterr().out.splitlines()] == [
        {axis: list(labels) for axis, labels in s.labels.items()} for s in own.tag(TEXT)
    ]
    assert run("tag", folder / "text.txt", "--model", model, "--format", "table") == 0
    assert "    border, hostile\n" in capsys.readouterr().out
    assert run("labels", "--model", model) == 0
    assert "border\n    label of the axis topic\n" in capsys.readouterr().out


def test_evaluation_reads_the_scheme(
    own: Tagger, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gold = tmp_path / "gold.jsonl"
    rows: list[dict[str, Any]] = [
        {"text": "They insulted our guards at the border.", "topic": "border", "tone": ["hostile"]},
        {"text": "The tariff is a shameful attack.", "topic": "trade", "tone": None},
        {"text": "It rained on Friday.", "topic": [], "tone": [], "free": ["hostile"]},
    ]
    gold.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert run("evaluate", gold, "--model", folder / "river", "--json") == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["topic"]["labels"]["trade"]["f1"] == 1
    assert figures["tone"]["labels"]["hostile"] == {
        "precision": 1.0, "recall": 1.0, "f1": 1.0, "f1_interval": [1.0, 1.0], "support": 1
    }  # fmt: skip
    gold.write_text('{"text": "x", "topic": "cattle"}', encoding="utf-8")
    assert run("evaluate", gold, "--model", folder / "river") == 2
    assert "gold.jsonl:1: 'topic': the model knows no labels ['cattle'] there" in capsys.readouterr().err


def test_the_same_sentences_give_the_same_model(folder: Path, tmp_path: Path) -> None:
    assert run("train", SENTENCES, "--output", tmp_path / "a", "--name", "river", "--n-jobs", 1) == 0
    for path in (folder / "river").iterdir():
        assert (tmp_path / "a" / path.name).read_bytes() == path.read_bytes(), path.name
    lines = [
        {"text": row.text, "id": n, "topic": list(row.own["topic"]), "tone": ";".join(row.own["tone"])}
        for n, row in enumerate(read_own(SENTENCES))
    ]
    (tmp_path / "parts").mkdir()
    for name, part in (("1.jsonl", lines[:20]), ("2.jsonl", lines[20:])):
        (tmp_path / "parts" / name).write_text("\n".join(map(json.dumps, part)), encoding="utf-8")
    assert run("train", tmp_path / "parts", "--output", tmp_path / "b") == 0
    assert (tmp_path / "b" / "arrays.npz").read_bytes() == (folder / "river" / "arrays.npz").read_bytes()


def test_a_model_that_is_written_again_answers_alike(folder: Path, tmp_path: Path) -> None:
    found = _store.read(folder / "words")
    kept = {name: found.manifest[name] for name in ("name", "version", "language")}
    _store.write(tmp_path / "again", found._replace(manifest=kept), "")
    again, before = secclass.load(tmp_path / "again"), secclass.load(folder / "words")
    for one, other in zip(again.tag(TEXT), before.tag(TEXT), strict=True):
        assert (one.labels, one.unsure) == (other.labels, other.unsure)
        for axis, scores in one.scores.items():
            assert list(scores.values()) == pytest.approx(list(other.scores[axis].values()), abs=1e-3)


def test_a_sentence_teaches_nothing_of_labels_that_it_leaves_open(folder: Path, tmp_path: Path) -> None:
    rows = [{"text": row.text, **row.own} for row in read_own(SENTENCES)]
    rows += [
        {"text": "The guards smiled.", "tone": "friendly"},
        {"text": "He frowned.", "topic": [], "free": ["hostile"]},
    ]
    rows[0]["free"] = "hostile"
    (tmp_path / "open.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert run("train", tmp_path / "open.jsonl", "--output", tmp_path / "model") == 0
    support = [
        {
            label: figures["support"]
            for axis in ("topic", "tone")
            for label, figures in _store.read(model).manifest["cross_validated"][axis]["labels"].items()
        }
        for model in (folder / "river", tmp_path / "model")
    ]
    assert support[1] == support[0] | {"friendly": support[0]["friendly"] + 1, "hostile": support[0]["hostile"] - 1}


def test_a_lexicon_beside_the_sentences(folder: Path, tmp_path: Path) -> None:
    lexicon = _store.read(folder / "words").extractor.lexicon
    assert lexicon.crime_names == (*CrimeType, "cattle raid", "trade")
    with pytest.raises(OptionError, match=r"no CrimeType 'cattle', .*there are: terrorism, .*, cattle raid, trade"):
        secclass.load(folder / "words", extra_expressions={"cattle": ["cow~"]})

    for part, content in (
        ("classes/praise", "# praise: kind words\nwarmly\ngladly\n"),
        ("crimes/trade", "tariff~\ncotton"),
    ):
        path = tmp_path / "lexicon" / f"{part}.txt"
        path.parent.mkdir(parents=True)
        path.write_text(content, encoding="utf-8")
    assert run("train", SENTENCES, "--output", tmp_path / "model", "--lexicon", tmp_path / "lexicon") == 0
    lexicon = _store.read(tmp_path / "model").extractor.lexicon
    assert ("praise" in lexicon.symbols, lexicon.crime_names[16:]) == (True, ("trade",))
    sentence = "Tribute is paid in silver."  # a word that no sentence has shown
    before = secclass.load(tmp_path / "model").tag(sentence)[0]
    known = secclass.load(tmp_path / "model", extra_expressions={"trade": ["tribute"]}).tag(sentence)[0]
    assert known.scores["topic"]["trade"] > before.scores["topic"]["trade"] + 0.05


def test_spacy_takes_shipped_labels_only(folder: Path) -> None:
    nlp = needed("spacy", "spacy").blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("secclass", config={"model": str(folder / "river")})
    with pytest.raises(OptionError, match="the spaCy component takes models of the shipped labels"):
        nlp("They met.")


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return few_seeds(tmp_path_factory.mktemp("seeds"))


def test_on_top_of_seeds(seeds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Corrections of ours, and an axis of one's own beside, with a lexicon that gives both new expressions."""
    monkeypatch.setattr(_network_training, "EPOCHS", 1)
    rows: list[dict[str, Any]] = [{"text": row.text, **row.own} for row in read_own(SENTENCES)]
    odd = "He saw the moon over the pier."
    rows += [{"text": f"{odd} {number}", "stances": ["proposal"]} for number in range(5)]
    (tmp_path / "mine.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (tmp_path / "words.txt").write_text(LEXICON + "[telecom_fraud]\nhoney garden~\n", encoding="utf-8")
    arguments = ["train", tmp_path / "mine.jsonl", "--with-seeds", seeds, "--lexicon", tmp_path / "words.txt"]
    models = []
    for weight in (1, 20):
        assert run(*arguments, "--output", tmp_path / f"model{weight}", "--weight", weight, "--n-jobs", 1) == 0
        models.append(secclass.load(tmp_path / f"model{weight}"))
    assert models[0].info.scheme == (("crimes", tuple(CrimeType)), ("stances", tuple(Stance)), *SCHEME)
    light, heavy = (tagger.explain(odd)["proposal"].raw for tagger in models)
    assert heavy > light + 0.5
    s = models[0].tag_sentences(["They insulted our guards at the border."])[0]
    assert list(s.labels) == ["crimes", "stances", "topic", "tone"]
    assert s.labels["topic"] == ("border",)
    assert list(s.to_dict())[3:10] == [
        *("crimes", "stance", "stances", "crime_scores", "stance_scores"), *("labels", "scores")
    ]  # fmt: skip
    assert models[0].tag_sentences(["He saw honey gardens."])[0].crimes == (CrimeType.TELECOM_FRAUD,)
    manifest = _store.read(tmp_path / "model20").manifest
    assert (manifest["seeds"]["sentences"], manifest["own"]["sentences"], manifest["own"]["times"]) == (160, 53, 20)
    assert "each of which counts as 20 of the seeds" in (tmp_path / "model20" / "card.md").read_text(encoding="utf-8")


def test_crimes_alone_and_without_seeds(seeds: Path, tmp_path: Path) -> None:
    """Labels of the codebook are its members wherever they stand; a model need not know all of them."""
    lines = (seeds / "few.jsonl").read_text(encoding="utf-8").splitlines()
    kinds = ("drug_trafficking", "cybercrime")
    rows = [{"text": row["text"], "crimes": [x for x in row["crimes"] if x in kinds]} for row in map(json.loads, lines)]
    (tmp_path / "mine.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert run("train", tmp_path / "mine.jsonl", "--output", tmp_path / "model") == 0
    tagger = secclass.load(tmp_path / "model")
    assert tagger.info.scheme == (("crimes", (CrimeType.DRUG_TRAFFICKING, CrimeType.CYBERCRIME)),)
    (s,) = tagger.tag_sentences([row["text"] for row in rows if row["crimes"] == ["cybercrime"]][:1])
    assert s.crimes[0] is CrimeType.CYBERCRIME
    assert list(s.crime_scores) == list(tagger.thresholds) == list(tagger.info.labels)
    assert s.stance_scores == {}


HEADER = "text,topic\n"
ENOUGH = HEADER + "".join(f"river {n},water\nwheat {n},trade\n" for n in range(5))
FAULTS = {
    "no text column": ("a.csv", "sentence,topic\nx,y\n", "row 1 must name the columns, each once, divided by commas"),
    "semicolons": ("a.csv", "text;topic\nx;y\n", "divided by commas, one of them 'text'; got ['text;topic']"),
    "column twice": ("a.csv", "text,topic,topic\nx,y,y\n", "each once"),
    "empty file": ("a.csv", "", "got []"),
    "no axis": ("a.csv", "text,id\nx,1\n", "there are no labels beside the texts"),
    "text missing": ("a.csv", HEADER + "x,y\n ,y\n", "a.csv: row 3: 'text' is empty"),
    "cells missing": ("a.csv", HEADER + "x,y\nx\n", "a.csv: row 3 has 1 cells, the header has 2"),
    "comma unquoted": ("a.csv", HEADER + "x, y,z\n", "row 2 has 3 cells, the header has 2; are quotes missing?"),
    "control character": ("a.csv", HEADER + "x,wa\x07ter\n", r"a.csv: row 2: 'topic': a label has 1 to 100 printable"),
    "label too long": ("a.csv", HEADER + f"x,{'y' * 101}\n", "row 2: 'topic': a label has 1 to 100 printable"),
    "not UTF-8": ("a.csv", b"text,topic\nBogot\xe1,y\n", "a.csv: not UTF-8"),
    "column of no axis": ("a.csv", "text,main topic\nx,y\n", "an axis has a name of up to 50 letters"),
    "too few": ("a.csv", ENOUGH + "tax,tax\n", "label 'tax' of axis 'topic' stands on 1 of 11 sentences; it needs at"),
    "all alike": ("a.csv", HEADER + "".join(f"river {n},water\n" for n in range(9)), "axis 'topic' stands on 9 of 9"),
    "a column of texts": ("a.csv", HEADER + "".join(f"x,y{n}\n" for n in range(1001)), "got 1001 on 'topic'"),
    "empty axis": ("a.csv", "text,topic,tone\nx,y,\n", "no sentence has a label on axis 'tone'"),
    "one label twice": ("a.csv", "text,topic,tone\nx,y,y\n", "label 'y' is on axis 'topic' and on axis 'tone'"),
    "free unknown": ("a.csv", "text,topic,free\nx,y,z\n", "a.csv: row 2: 'free' must name labels that sentences have"),
    "other crimes": ("a.csv", "text,crimes\nx,littering\n", "row 2: the labels of 'crimes' are terrorism,"),
    "not JSON": ("a.jsonl", '{"text": "x", "topic": "y"}\n{', "a.jsonl:2: not JSON"),
    "a number": ("a.jsonl", '{"text": "x", "topic": 3}', "a.jsonl:1: 'topic' must hold a label, several divided"),
    "a list of numbers": ("a.jsonl", '{"text": "x", "topic": [3]}', "a.jsonl:1: 'topic' must hold a label"),
    "a divider in a list": ("a.jsonl", '{"text": "x", "topic": ["a;b"]}', "a.jsonl:1: 'topic': a label has"),
    "missing": ("", "", "cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "said"), FAULTS.values(), ids=FAULTS)
def test_faulty_sentences(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, content: str | bytes, said: str
) -> None:
    path = tmp_path / (name or "none.csv")
    if name:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    assert run("train", path, "--output", tmp_path / "model") == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "model").exists()


def test_faulty_options(capsys: pytest.CaptureFixture[str], tmp_path: Path, seeds: Path) -> None:
    train = ["train", SENTENCES, "--output", tmp_path / "model"]
    (tmp_path / "empty.txt").write_text("# nothing\n", encoding="utf-8")
    (tmp_path / "many.txt").write_text("".join(f"[n{n}]\nword\n" for n in range(990)), encoding="utf-8")
    (tmp_path / "odd.txt").write_text("[a;b]\nword\n", encoding="utf-8")
    for options, said in (
        (["--with-seeds", tmp_path], r"is no seed directory, .* is seeds/en of a source checkout"),
        (["--weight", 3], "the weight is a whole number from 1: .*; got 3, and no seeds"),
        (["--with-seeds", seeds, "--weight", 0], "the weight is a whole number from 1: .*; got 0"),
        (["--lexicon", tmp_path / "empty.txt"], "empty.txt holds no expressions"),
        (["--lexicon", tmp_path / "odd.txt"], "odd.txt: a label has 1 to 100"),
        (["--lexicon", tmp_path], "holds neither crimes/NAME.txt with expressions nor classes/NAME.txt"),
        (["--lexicon", tmp_path / "none.txt"], "none.txt"),
        (["--lexicon", tmp_path / "many.txt"], "many.txt has more than 1000 names of expressions"),
    ):
        assert run(*train, *options) == 2
        assert re.search(said, capsys.readouterr().err)
    assert not (tmp_path / "model").exists()


def test_probabilities_are_those_of_cross_validation(own: Tagger) -> None:
    """As many sentences get a label as have it, while held out; on the sentences themselves nearly all are right."""
    validated = own._axes[0].validated
    assert validated
    rows = read_own(SENTENCES)
    given = own.tag_sentences([row.text for row in rows])
    for curve, threshold, label in zip(validated.curves, own._axes[0].threshold, own._axes[0].labels, strict=True):
        place = int(np.searchsorted(curve.threshold, threshold))
        assert curve.precision[place] == pytest.approx(curve.recall[place], abs=0.1)
        assert curve.recall[place] < 0.95
        right = sum(
            (label in row.own["topic"]) == (label in s.labels["topic"]) for row, s in zip(rows, given, strict=True)
        )
        assert right >= 0.95 * len(rows)
