from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import secclass
from secclass.__main__ import main
from tests.helpers import needed

TEXT = "The ministers agreed to fight drug trafficking.\nHe said: <b>urgent</b> & grave.\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "talks.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_jsonl(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    code, out, _ = run(capsys, "tag", file)
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [row["text"] for row in rows] == [s.text for s in secclass.tag(TEXT)]
    assert rows[0]["crimes"] == ["drug_trafficking"]
    assert rows[0]["file"] == str(file)


def test_csv(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    _, out, _ = run(capsys, "tag", file, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert rows[0]["crimes"] == "drug_trafficking"
    assert rows[0]["stances"] == "agreement"
    assert 0.5 < float(rows[0]["drug_trafficking_score"]) <= 1


def test_html_escapes(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    _, out, _ = run(capsys, "tag", file, "--format", "html")
    assert "&lt;b&gt;urgent&lt;/b&gt; &amp; grave" in out
    assert "<b>" not in out


def test_thresholds_are_passed_on(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    _, out, _ = run(capsys, "tag", file, "--thresholds", "1")
    assert all(not (row["crimes"] or row["stances"]) for row in map(json.loads, out.splitlines()))
    _, out, _ = run(capsys, "tag", file, "--thresholds", "precision")
    assert [json.loads(line) for line in out.splitlines()] == [
        {"file": str(file), "row": None, **s.to_dict()} for s in secclass.tag(TEXT, thresholds="precision")
    ]
    code, _, err = run(capsys, "tag", file, "--thresholds", "high")
    assert (code, "no operating point 'high'" in err) == (2, True)


def test_explain_says_it_of_one_label(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "explain", "The bus left at nine.", "--label", "terrorism")
    assert out.startswith("- terrorism: not given, score 0.0")
    code, _, err = run(capsys, "explain", "The bus left at nine.", "--label", "fraud")
    assert (code, "no label 'fraud'" in err) == (2, True)


def test_evaluate_draws_a_diagram(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    needed("matplotlib", "plots")
    gold = tmp_path / "gold.jsonl"
    gold.write_text('{"text": "They agreed to fight cybercrime.", "crimes": ["cybercrime"], "stances": ["agreement"]}')
    code, out, _ = run(capsys, "evaluate", gold, "--plot", tmp_path / "plot.svg")
    drawn = (tmp_path / "plot.svg").read_text(encoding="utf-8")
    assert code == 0
    assert "expected calibration error" in out
    assert "gold.jsonl (error" in drawn
    assert "seeds, cross-validated (error" in drawn


def test_table(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    _, out, _ = run(capsys, "tag", file, file, "--format", "table")
    assert out.count(f"== {file}") == 2
    assert "    drug_trafficking, AGREEMENT" in out


def test_standard_input_and_module_call() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "secclass", "tag"], input=TEXT.encode(), capture_output=True, check=True
    )
    assert json.loads(result.stdout.splitlines()[0])["stance"] == "agreement"


ROWS = [
    {"id": 1, "body": TEXT},
    {"id": 2, "body": None},
    {"id": 3, "body": 'They urged, "act!"\nIt is a grave threat.'},
]


def table_file(folder: Path, kind: str) -> Path:
    path = folder / f"talks.{kind}"
    if kind == "parquet":
        needed("pyarrow.parquet", "frames").write_table(needed("pyarrow", "frames").Table.from_pylist(ROWS), path)
    elif kind == "csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ["id", "body"])
            writer.writeheader()
            writer.writerows(ROWS)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", ["csv", "jsonl", "ndjson", "parquet"])
def test_tables_are_tagged_row_by_row(capsys: pytest.CaptureFixture[str], tmp_path: Path, kind: str) -> None:
    path = table_file(tmp_path, kind)
    code, out, err = run(capsys, "tag", path, "--text-column", "body")
    rows = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    expected = [(row, s.text) for row in (0, 2) for s in secclass.tag(str(ROWS[row]["body"]))]
    assert [(row["row"], row["text"]) for row in rows] == expected
    _, out, _ = run(capsys, "tag", path, "--text-column", "body", "--format", "table")
    assert f"== {path} row 2\n" in out
    _, out, _ = run(capsys, "tag", path, "--text-column", "body", "--format", "csv")
    assert [int(row["row"]) for row in csv.DictReader(io.StringIO(out))] == [row for row, _ in expected]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"id,text\n1,x\n", "a.csv: no column 'body'; there are: id, text"),
        ("a.csv", b"", "a.csv: no column 'body'"),
        ("a.csv", b"body\nfine\nBogot\xe1\n", "a.csv: line 3 is not UTF-8"),
        ("a.jsonl", b'{"body": "x"}\n{"body": 7}\n', "a.jsonl: row 1: 'body' must be a text, got 7"),
        ("a.jsonl", b'{"body": "x"}\n\n{"text": "y"}\n', "a.jsonl: line 3: no column 'body'; there are: text"),
        ("a.jsonl", b"[1]\n", "a.jsonl: line 1 must hold a JSON object, got '[1]'"),
        ("a.jsonl", b"{\n", "a.jsonl: line 1 is not JSON"),
        ("a.jsonl", b"[" * 100_000, "a.jsonl: line 1 is not JSON"),
        ("a.jsonl", b"9" * 9999, "a.jsonl: line 1 is not JSON"),
        ("a.parquet", b"PAR1", "a.parquet is not Parquet"),
        ("a.txt", b"x", "--text-column needs tables (.csv, .jsonl, .ndjson, .parquet), got"),
    ],
)
def test_faulty_tables(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    if name == "a.parquet":
        needed("pyarrow", "frames")
    (tmp_path / name).write_bytes(content)
    code, out, err = run(capsys, "tag", tmp_path / name, "--text-column", "body")
    assert (code, out) == (2, "")
    assert said in err


def test_a_table_needs_its_text_column(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = run(capsys, "tag", table_file(tmp_path, "csv"))
    assert code == 2
    assert "talks.csv is a table: name the column with the texts by --text-column" in err


def test_progress_is_shown_where_asked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    needed("tqdm", "progress")
    path = table_file(tmp_path, "csv")
    _, quiet, nothing = run(capsys, "tag", path, "--text-column", "body", "--n-jobs", 2)
    _, counted, progress = run(capsys, "tag", path, "--text-column", "body", "--progress")
    assert (counted, nothing) == (quiet, "")
    assert "3 texts" in progress


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.usefixtures("interruptible")
def test_interrupt_ends_without_half_output(tmp_path: Path) -> None:
    path = tmp_path / "endless.jsonl"
    os.mkfifo(path)
    command = [sys.executable, "-m", "secclass", "tag", str(path), "--text-column", "body"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # Opens once the command reads, and breaks once it has ended.
    with contextlib.suppress(BrokenPipeError), path.open("w", encoding="utf-8") as file:
        for number in range(100_000):
            file.write(json.dumps(ROWS[0]) + "\n")
            if number == 3000:
                process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (out, err, process.returncode) == ("", "secclass: interrupted, nothing was written\n", 130)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_what_the_output_cannot_hold_is_escaped(encoding: str) -> None:
    command = [sys.executable, "-m", "secclass", "explain", b"\xff \xe4\xb8\xad drug trafficking"]
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "1"}
    result = subprocess.run(command, capture_output=True, env=environment)
    assert (result.returncode, result.stderr) == (0, b"")
    shown = "中" if encoding == "utf-8" else "\\u4e2d"
    assert result.stdout.splitlines()[0].decode(encoding) == f"\\udcff {shown} drug trafficking"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_told() -> None:
    with open("/dev/full", "wb") as full:
        result = subprocess.run([sys.executable, "-m", "secclass", "labels"], stdout=full, stderr=subprocess.PIPE)
    assert result.returncode == 2
    assert result.stderr.decode().startswith("secclass: the output could not be written")
    assert result.stderr.count(b"\n") == 1


def test_explain_and_labels(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "explain", "The ministers agreed to fight drug trafficking.")
    assert code == 0
    assert "+ drug_trafficking" in out
    assert "+ agreement" in out
    _, out, _ = run(capsys, "labels")
    assert all(label.value in out for label in (*secclass.CrimeType, *secclass.Stance))


def test_wrong_encoding_names_file_and_line(capsys: pytest.CaptureFixture[str], tmp_path: Path, file: Path) -> None:
    bad = tmp_path / "latin.txt"
    bad.write_bytes("fine\nBogot\xe1\n".encode("latin-1"))
    code, out, err = run(capsys, "tag", file, bad)
    assert (code, out) == (2, "")
    assert "latin.txt: line 2 is not UTF-8" in err


def test_missing_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, err = run(capsys, "tag", tmp_path / "none.txt")
    assert (code, out) == (2, "")
    assert "none.txt" in err


def test_evaluate(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    rows = [
        {"text": "They agreed to fight drug trafficking.", "crimes": ["drug_trafficking"], "stances": ["agreement"]},
        {"text": "The bus was late.", "crimes": [], "stances": [], "offtopic": True},
        {"text": "They fight drug trafficking.", "crimes": [], "stances": [], "free": ["drug_trafficking"]},
    ]
    gold.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    code, out, _ = run(capsys, "evaluate", gold)
    assert code == 0
    assert "micro F1 (all labels)" in out
    assert "0 of 1 (0.0%)" in out
    _, out, _ = run(capsys, "evaluate", gold, "--json")
    figures = json.loads(out)
    perfect = {"precision": 1, "recall": 1, "f1": 1, "f1_interval": [0, 1], "support": 1}
    assert figures["crimes"]["labels"]["drug_trafficking"] == perfect


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "gold.jsonl:2: not JSON"),
        ("[" * 100_000, "gold.jsonl:2: not JSON"),
        ('{"text": "\\ud800", "crimes": [], "stances": []}', "gold.jsonl:2: the text has half a character"),
        ('{"text": ""}', "gold.jsonl:2: expected an object with a non-empty 'text'"),
        ('{"text": "x", "crimes": ["theft"], "stances": []}', "gold.jsonl:2: 'crimes' must be a list of labels"),
        ('{"text": "x", "crimes": "terrorism", "stances": []}', "gold.jsonl:2: 'crimes' must be a list of labels"),
        ('{"text": "x", "crimes": []}', "gold.jsonl:2: 'stances' must be a list of labels"),
    ],
)
def test_bad_gold_names_file_and_line(capsys: pytest.CaptureFixture[str], tmp_path: Path, line: str, said: str) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text('{"text": "x", "crimes": [], "stances": []}\n' + line + "\n", encoding="utf-8")
    code, out, err = run(capsys, "evaluate", gold)
    assert (code, out) == (2, "")
    assert said in err


def test_train_with_too_little_leaves_no_model(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    (seeds / "lexicon").mkdir(parents=True)
    (seeds / "a.jsonl").write_text('{"text": "x", "crimes": [], "stances": []}\n', encoding="utf-8")
    code, _, err = run(capsys, "train", seeds, "--output", tmp_path / "model")
    assert code == 2
    assert "label 'terrorism' of axis 'crimes' stands on 0 of 1 sentences" in err
    assert not (tmp_path / "model").exists()
