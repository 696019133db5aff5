"""The command line: ``secclass tag | explain | labels | train | evaluate``."""

from __future__ import annotations

import argparse
import csv
import importlib.util
import io
import itertools
import json
import os
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import cast

import secclass
from secclass import CrimeType, Document, SecclassError, Stance, _html, _store
from secclass._files import FileText, read_texts
from secclass._operating import Point
from secclass.labels import AXES, DIVIDERS, Scheme
from secclass.results import marked

_SPOOL = 1 << 26  # bytes of output that are held in memory
_THRESHOLDS_HELP = "balanced, precision, recall, or a score from 0 to 1 (default: balanced)"
_Tagged = Iterable[tuple[FileText, Document]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code is 0, 2 after an error that is told on standard error, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    # All is done before anything is written: an error leaves no half output.
    with tempfile.SpooledTemporaryFile(_SPOOL, "w+", encoding="utf-8", errors="backslashreplace", newline="") as output:
        try:
            output.writelines(options.run(options))
        except (SecclassError, OSError) as error:
            print(f"secclass: {error}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            print("secclass: interrupted, nothing was written", file=sys.stderr)
            return 130
        output.seek(0)
        try:
            if isinstance(sys.stdout, io.TextIOWrapper):
                sys.stdout.reconfigure(errors="backslashreplace")  # what the terminal cannot show
            shutil.copyfileobj(output, sys.stdout)
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
    tag.add_argument(
        "files",
        nargs="*",
        default=["-"],
        metavar="FILE",
        help="UTF-8 text files, or tables with --text-column; standard input without any",
    )
    tag.add_argument(
        "--text-column",
        metavar="NAME",
        help="the files are tables (.csv, .jsonl, .ndjson, .parquet) with a text a row in this column; "
        "the output says which row, counted from 0",
    )
    tag.add_argument(
        "--format", choices=("table", "jsonl", "csv", "html"), help="default: table on a terminal, else jsonl"
    )
    tag.add_argument("--model", default="en", help="name or directory of the model (default: en)")
    tag.add_argument("--thresholds", type=_thresholds, metavar="POINT", help=_THRESHOLDS_HELP)
    tag.add_argument("--n-jobs", type=int, default=1, help="worker processes, -1 for one a core (default: 1)")
    tag.add_argument(
        "--progress",
        action=argparse.BooleanOptionalAction,
        help="count the texts on standard error (default: on a terminal, for several texts, if tqdm is there)",
    )
    tag.set_defaults(run=_tag)

    explain = commands.add_parser("explain", help="say which words moved each label of one sentence")
    explain.add_argument("sentence")
    explain.add_argument("--model", default="en")
    explain.add_argument("--label", help="say it of this label only, also where it is not given")
    explain.set_defaults(run=_explain)

    labels = commands.add_parser("labels", help="list the labels with their definitions")
    labels.add_argument("--model", default="en")
    labels.set_defaults(run=_labels)

    train = commands.add_parser("train", help="train a model from labelled sentences")
    train.add_argument(
        "sentences",
        type=Path,
        help="labelled sentences: a .csv or JSON-lines file, a directory of *.jsonl, or a seed directory, which holds "
        "lexicon/ as well",
    )
    train.add_argument("--output", type=Path, required=True, help="model directory to write")
    train.add_argument(
        "--lexicon",
        type=Path,
        metavar="PATH",
        help="further expressions: a file, or a directory laid out as seeds/en/lexicon",
    )
    train.add_argument(
        "--with-seeds",
        type=Path,
        metavar="DIR",
        help="learn crimes and stances of this seed directory (seeds/en of a source checkout) as well",
    )
    train.add_argument(
        "--weight", type=int, metavar="N", help="as how many seeds each sentence counts beside the seeds (default: 1)"
    )
    train.add_argument("--name", help="default: en for a seed directory, else that of the output")
    train.add_argument("--model-version", default="1")
    train.add_argument("--n-jobs", type=int, default=2)
    train.set_defaults(run=_train)

    evaluate = commands.add_parser("evaluate", help="score a model against gold sentences")
    evaluate.add_argument(
        "gold", type=Path, help="JSON lines: text, crimes, stances, optionally free, offtopic; or as train reads them"
    )
    evaluate.add_argument("--model", default="en")
    evaluate.add_argument("--thresholds", type=_thresholds, metavar="POINT", help=_THRESHOLDS_HELP)
    evaluate.add_argument("--json", action="store_true", help="print all figures as JSON")
    evaluate.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw a reliability diagram (.svg, .png or .pdf; needs matplotlib)"
    )
    evaluate.set_defaults(run=_evaluate)
    return parser


def _thresholds(value: str) -> Point | float:
    try:
        return float(value)
    except ValueError:
        return cast(Point, value)  # what is no operating point is refused by load


def _tag(options: argparse.Namespace) -> Iterator[str]:
    tagger = secclass.load(options.model, thresholds=options.thresholds)
    progress = options.progress
    if progress is None:
        several = len(options.files) > 1 or options.text_column is not None
        progress = several and sys.stderr.isatty() and importlib.util.find_spec("tqdm") is not None
    sources, again = itertools.tee(read_texts(options.files, options.text_column))
    documents = tagger.stream((source.text for source in again), n_jobs=options.n_jobs, progress=progress)
    shape = options.format or ("table" if sys.stdout.isatty() else "jsonl")
    tagged = zip(sources, documents, strict=True)
    if shape == "csv":
        return _as_csv(tagged, tagger.info.scheme)
    return {"table": _as_table, "jsonl": _as_jsonl, "html": _as_html}[shape](tagged)


def _as_jsonl(tagged: _Tagged) -> Iterator[str]:
    for source, document in tagged:
        for record in document.to_records():
            yield json.dumps({"file": source.file, "row": source.row} | record, ensure_ascii=False) + "\n"


def _as_csv(tagged: _Tagged, scheme: Scheme) -> Iterator[str]:
    scores = [f"{label}_score" for _, labels in scheme for label in labels]
    axes = [axis for axis, _ in scheme]
    yield _csv_line(["file", "row", "start", "end", *axes, "unsure", "reason", "text", *scores])
    divider = " " if {*axes} <= {*AXES} else DIVIDERS[0]  # labels of one's own may hold spaces
    for source, document in tagged:
        for s in document:
            values = [f"{value:.4f}" for part in s.scores.values() for value in part.values()]
            labels = [divider.join(part) for part in (*s.labels.values(), s.unsure)]
            yield _csv_line([source.file, source.row, s.start, s.end, *labels, s.reason, s.text, *values])


def _csv_line(values: Sequence[object]) -> str:
    line = io.StringIO(newline="")
    csv.writer(line).writerow(values)
    return line.getvalue()


def _as_table(tagged: _Tagged) -> Iterator[str]:
    width = max(60, shutil.get_terminal_size().columns)
    for source, document in tagged:
        if source.file != "-":
            yield f"== {source.file}{'' if source.row is None else f' row {source.row}'}\n\n"
        for s in document:
            yield "\n".join(textwrap.wrap(" ".join(s.text.split()), width) or [""])
            own = [label for part in s.own_labels.values() for label in part]
            labels = ", ".join((*s.crimes, *(label.upper() for label in s.stances), *own)) or "-"
            unsure = f"  (unsure: {', '.join(s.unsure)})" if s.unsure else ""
            yield f"\n    {labels}{unsure}{f'  ({s.reason})' if s.reason else ''}\n\n"


def _as_html(tagged: _Tagged) -> Iterator[str]:
    return _html.page(marked(document) for _, document in tagged)


def _explain(options: argparse.Namespace) -> list[str]:
    explanation = secclass.load(options.model).explain(options.sentence)
    return [f"{explanation if options.label is None else explanation[options.label]}\n"]


def _labels(options: argparse.Namespace) -> Iterator[str]:
    for axis, labels in secclass.load(options.model).info.scheme:
        for label in labels:
            if isinstance(label, (CrimeType, Stance)):
                yield f"{label}  ({label.title})\n    {label.definition}\n"
            else:
                yield f"{label}\n    label of the axis {axis}\n"


def _train(options: argparse.Namespace) -> list[str]:
    from secclass.training import train

    def log(line: str) -> None:
        print(line, file=sys.stderr)

    train(
        options.sentences,
        options.output,
        lexicon=options.lexicon,
        with_seeds=options.with_seeds,
        weight=options.weight,
        name=options.name,
        version=options.model_version,
        n_jobs=options.n_jobs,
        log=log,
    )
    return [f"wrote {options.output}\n"]


def _evaluate(options: argparse.Namespace) -> list[str]:
    from secclass.evaluation import Reliability, evaluate, plot

    result = evaluate(secclass.load(options.model, thresholds=options.thresholds), options.gold)
    if options.plot:
        found = _store.read_manifest(_store.find(options.model)).get("cross_validated", {})
        curves = {options.gold.name: result.reliability}
        if "reliability" in found:
            curves["seeds, cross-validated"] = Reliability.from_dict(found["reliability"])
        plot(curves, options.plot)
    return [json.dumps(result.to_dict(), indent=1) if options.json else str(result), "\n"]


if __name__ == "__main__":
    sys.exit(main())
