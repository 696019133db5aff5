"""The command line: ``secclass tag | explain | labels | train | evaluate``."""

from __future__ import annotations

import argparse
import csv
import html
import io
import json
import os
import shutil
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import secclass
from secclass import CrimeType, Document, SecclassError, Stance
from secclass.errors import InputError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code is 0, or 2 after an error that is told on standard error."""
    options = _parser().parse_args(arguments)
    try:
        output: str = options.run(options)
    except (SecclassError, OSError) as error:
        print(f"secclass: {error}", file=sys.stderr)
        return 2
    try:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # what the terminal cannot show
        sys.stdout.write(output)
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # the reader (head, less) has had enough
            print(f"secclass: the output could not be written: {error}", file=sys.stderr)
            return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="secclass", description=secclass.__doc__.splitlines()[0])
    parser.add_argument("--version", action="version", version=f"secclass {secclass.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    tag = commands.add_parser("tag", help="split and tag texts")
    tag.add_argument("files", nargs="*", metavar="FILE", help="UTF-8 text files; standard input without any")
    tag.add_argument(
        "--format", choices=("table", "jsonl", "csv", "html"), help="default: table on a terminal, else jsonl"
    )
    tag.add_argument("--model", default="en", help="name or directory of the model (default: en)")
    tag.set_defaults(run=_tag)

    explain = commands.add_parser("explain", help="say which words moved each label of one sentence")
    explain.add_argument("sentence")
    explain.add_argument("--model", default="en")
    explain.set_defaults(run=_explain)

    labels = commands.add_parser("labels", help="list the labels with their definitions")
    labels.set_defaults(run=_labels)

    train = commands.add_parser("train", help="train a model from a seed directory")
    train.add_argument("seeds", type=Path, help="directory with *.jsonl and lexicon/")
    train.add_argument("--output", type=Path, required=True, help="model directory to write")
    train.add_argument("--name", default="en")
    train.add_argument("--model-version", default="1")
    train.add_argument("--n-jobs", type=int, default=2)
    train.set_defaults(run=_train)

    evaluate = commands.add_parser("evaluate", help="score a model against gold sentences")
    evaluate.add_argument("gold", type=Path, help="JSON lines: text, crimes, stances, optionally free, offtopic")
    evaluate.add_argument("--model", default="en")
    evaluate.add_argument("--json", action="store_true", help="print all figures as JSON")
    evaluate.set_defaults(run=_evaluate)
    return parser


def _read_text(name: str) -> str:
    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(f"{name}: line {line} is not UTF-8 ({error.reason}); convert the file to UTF-8") from None


def _tag(options: argparse.Namespace) -> str:
    tagger = secclass.load(options.model)
    # Everything is read and tagged before anything is written: an error leaves no half output.
    documents = [(name, tagger.tag(_read_text(name))) for name in options.files or ["-"]]
    shape = options.format or ("table" if sys.stdout.isatty() else "jsonl")
    return {"table": _as_table, "jsonl": _as_jsonl, "csv": _as_csv, "html": _as_html}[shape](documents)


def _as_jsonl(documents: Sequence[tuple[str, Document]]) -> str:
    records = ({"file": name} | record for name, document in documents for record in document.to_records())
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def _as_csv(documents: Sequence[tuple[str, Document]]) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    scores = [*CrimeType, *Stance]
    writer.writerow(["file", "start", "end", "crimes", "stances", "text", *(f"{label}_score" for label in scores)])
    for name, document in documents:
        for s in document:
            values = [f"{value:.4f}" for value in (*s.crime_scores.values(), *s.stance_scores.values())]
            writer.writerow([name, s.start, s.end, " ".join(s.crimes), " ".join(s.stances), s.text, *values])
    return buffer.getvalue()


def _as_table(documents: Sequence[tuple[str, Document]]) -> str:
    width = max(60, shutil.get_terminal_size().columns)
    lines = []
    for name, document in documents:
        if len(documents) > 1:
            lines += [f"== {name}", ""]
        for s in document:
            lines += textwrap.wrap(" ".join(s.text.split()), width) or [""]
            lines += [f"    {', '.join((*s.crimes, *(label.upper() for label in s.stances))) or '-'}", ""]
    return "\n".join(lines)


def _as_html(documents: Sequence[tuple[str, Document]]) -> str:
    rows = "\n".join(
        f"<tr><td>{html.escape(s.text)}</td><td>{', '.join(s.crimes)}</td><td>{', '.join(s.stances)}</td></tr>"
        for _, document in documents
        for s in document
    )
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>secclass</title>\n'
        '<meta name="viewport" content="width=device-width">\n'
        "<style>body{font:16px/1.5 sans-serif;margin:1rem auto;max-width:70rem;padding:0 1rem}"
        "td,th{padding:.4rem .6rem;text-align:left;vertical-align:top;border-top:1px solid #ccc}</style>\n"
        f"<table><tr><th>sentence</th><th>crimes</th><th>stance</th></tr>\n{rows}\n</table>\n</html>\n"
    )


def _explain(options: argparse.Namespace) -> str:
    return f"{secclass.load(options.model).explain(options.sentence)}\n"


def _labels(_: argparse.Namespace) -> str:
    blocks = [f"{label.value}  ({label.title})\n    {label.definition}" for label in (*CrimeType, *Stance)]
    return "\n".join(blocks) + "\n"


def _train(options: argparse.Namespace) -> str:
    from secclass.training import train

    def log(line: str) -> None:
        print(line, file=sys.stderr)

    train(
        options.seeds, options.output, name=options.name, version=options.model_version, n_jobs=options.n_jobs, log=log
    )
    return f"wrote {options.output}\n"


def _evaluate(options: argparse.Namespace) -> str:
    from secclass.evaluation import evaluate

    result = evaluate(secclass.load(options.model), options.gold)
    return (json.dumps(result.to_dict(), indent=1) if options.json else str(result)) + "\n"


if __name__ == "__main__":
    sys.exit(main())
