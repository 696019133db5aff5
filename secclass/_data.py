"""Labelled sentences: reading seeds, gold and other people's sentences, with errors that name file and line."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from secclass.errors import SeedError
from secclass.labels import AXES, DIVIDERS, Scheme, check_name, check_scheme

_BESIDE = ("id", "text", "genre", "free", "natural", "offtopic")  # all else that a sentence has are axes
_Row = tuple[dict[str, Any], str]  # what a line holds, and where it stands


@dataclass(frozen=True)
class Labelled:
    """One labelled sentence.

    ``free`` are labels not to be counted on it; ``natural`` marks a seed that mirrors a real sentence drawn
    without choice, so that natural seeds have natural frequencies; ``where`` is file and line; ``own`` are its labels
    on axes of one's own, as far as it was labelled on them.
    """

    text: str
    crimes: tuple[str, ...]
    stances: tuple[str, ...]
    free: tuple[str, ...] = ()
    genre: str = ""
    offtopic: bool = False
    natural: bool = False
    where: str = field(default="", compare=False)
    own: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def labels(self, axis: str) -> tuple[str, ...]:
        """Labels on an axis."""
        return {"crimes": self.crimes, "stances": self.stances, **self.own}.get(axis, ())

    def open(self, axis: str, labels: Sequence[str]) -> set[str]:
        """Those labels of an axis that are not to be counted: all of them where nobody labelled the sentence."""
        return {*labels} & {*self.free} if axis in AXES or axis in self.own else {*labels}


def read_labelled(path: Path) -> list[Labelled]:
    """The sentences of one JSON-lines file, or of all ``*.jsonl`` under a directory, in order of names.

    Raises
    ------
    SeedError
        If a file cannot be read or a line is not a labelled sentence; the message names file and line.
    """
    return [_parsed(row, where) for row, where in _rows(path)]


def read_own(path: Path) -> list[Labelled]:
    """Sentences with labels of any scheme: a CSV or JSON-lines file, or all ``*.jsonl`` under a directory.

    All but ``text``, ``id``, ``genre``, ``free``, ``natural`` and ``offtopic`` are axes. A value is a label, several
    divided by ; or |, or a list of them. On an axis that it does not have, or has as null, a sentence is not labelled.

    Raises
    ------
    SeedError
        If a file cannot be read or a line is not a labelled sentence; the message names file and line or row.
    """
    return [_parsed_own(row, where) for row, where in (_csv_rows if path.suffix.lower() == ".csv" else _rows)(path)]


def scheme_of(rows: Sequence[Labelled], *, seeds: bool = False) -> Scheme:
    """The axes on which sentences are labelled, with the labels that they have; beside ``seeds`` all of the codebook.

    Raises
    ------
    SeedError
        If no model can have these axes and labels, or a free label is none of them.
    """
    scheme: dict[str, tuple[str, ...]] = {}
    for axis, known in AXES.items():
        if seeds or any(row.open(axis, known) != {*known} for row in rows):
            scheme[axis] = known if seeds else tuple(x for x in known if any(x in row.labels(axis) for row in rows))
    for axis in dict.fromkeys(axis for row in rows for axis in row.own):
        scheme[axis] = tuple(sorted({label for row in rows for label in row.labels(axis)}))
    if not scheme:
        raise SeedError("there are no labels beside the texts: add a column, or key, for each axis")
    for axis, labels in scheme.items():
        if not labels:
            raise SeedError(f"no sentence has a label on axis {axis!r}; if it is no axis, take it out")
    found = tuple(scheme.items())
    try:
        check_scheme(found)
    except ValueError as error:
        raise SeedError(str(error)) from None
    allowed = {label for _, labels in (*AXES.items(), *found) for label in labels}
    for row in rows:
        unknown = [label for label in row.free if label not in allowed]
        if unknown:
            raise SeedError(f"{row.where}: 'free' must name labels that sentences have; no sentence has {unknown}")
    return found


def _rows(path: Path) -> Iterator[_Row]:
    """The objects of JSON lines, each with a text."""
    if path.is_dir():
        files = sorted(path.rglob("*.jsonl"))
        if not files:
            raise SeedError(f"{path} holds no .jsonl file")
        for file in files:
            yield from _rows(file)
        return
    for number, line in enumerate(_content(path).split("\n"), 1):
        if line.strip():
            where = f"{path}:{number}"
            try:
                row = json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                raise SeedError(f"{where}: not JSON ({error})") from None
            if not isinstance(row, dict) or not isinstance(row.get("text"), str) or not row["text"].strip():
                raise SeedError(f"{where}: expected an object with a non-empty 'text', got {line[:60]!r}")
            try:
                row["text"].encode()
            except UnicodeEncodeError as error:
                raise SeedError(f"{where}: the text has half a character ({error.reason}); write it as UTF-8") from None
            yield row, where


def _csv_rows(path: Path) -> Iterator[_Row]:
    """The rows of a CSV file by column, each with a text. Rows are counted as spreadsheets do: the header is row 1."""
    lines = csv.reader(io.StringIO(_content(path), newline=""))
    try:
        header = next(lines, [])
        if "text" not in header or len({*header}) < len(header) or "" in header:
            raise SeedError(
                f"{path}: row 1 must name the columns, each once, divided by commas, one of them 'text'; got {header}"
            )
        for number, cells in enumerate(lines, 2):
            where = f"{path}: row {number}"
            if not cells:
                continue
            if len(cells) != len(header):
                raise SeedError(f"{where} has {len(cells)} cells, the header has {len(header)}; are quotes missing?")
            row = dict(zip(header, cells, strict=True))
            if not row["text"].strip():
                raise SeedError(f"{where}: 'text' is empty")
            yield row, where
    except csv.Error as error:
        raise SeedError(f"{path}: line {lines.line_num} is not CSV ({error})") from None


def _content(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SeedError(f"{path}: not UTF-8 ({error}); save the file as UTF-8") from None
    except OSError as error:
        raise SeedError(f"{path}: cannot be read ({error})") from None


def _parsed(row: Mapping[str, Any], where: str) -> Labelled:
    values: dict[str, tuple[str, ...]] = {}
    for key, known in (*AXES.items(), ("free", (*AXES["crimes"], *AXES["stances"]))):
        value = row.get(key, [] if key == "free" else None)
        if not isinstance(value, list) or any(label not in known for label in value):
            raise SeedError(f"{where}: {key!r} must be a list of labels out of {', '.join(known)}; got {value!r}")
        values[key] = tuple(label for label in known if label in value)
    return Labelled(
        row["text"],
        values["crimes"],
        values["stances"],
        values["free"],
        str(row.get("genre", "")),
        offtopic=bool(row.get("offtopic")),
        natural=bool(row.get("natural")),
        where=where,
    )


def _parsed_own(row: Mapping[str, Any], where: str) -> Labelled:
    given = {
        key: _labels(value, f"{where}: {key!r}")
        for key, value in row.items()
        if value is not None and (key == "free" or key not in _BESIDE)
    }
    free = given.pop("free", ())
    codebook: dict[str, tuple[str, ...]] = {}
    for axis, known in AXES.items():
        if axis not in given:
            free += known
        found = given.pop(axis, ())
        unknown = [label for label in found if label not in known]
        if unknown:
            raise SeedError(
                f"{where}: the labels of {axis!r} are {', '.join(known)}; got {unknown}. A scheme of "
                "your own needs another name for the axis"
            )
        codebook[axis] = tuple(label for label in known if label in found)
    return Labelled(
        row["text"],
        codebook["crimes"],
        codebook["stances"],
        free,
        str(row.get("genre", "")),
        offtopic=_true(row.get("offtopic")),
        natural=_true(row.get("natural")),
        where=where,
        own=given,
    )


def _true(value: object) -> bool:
    """Whether JSON or a cell says yes."""
    return str(value).lower() in ("true", "1")


def _labels(value: object, where: str) -> tuple[str, ...]:
    """The labels of one cell, each once."""
    items = re.split(f"[{DIVIDERS}]", value) if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise SeedError(f"{where} must hold a label, several divided by ; or |, or a list of them; got {value!r}")
    return checked_names(dict.fromkeys(item.strip() for item in items if item.strip()), where)


def checked_names(names: Iterable[str], where: object) -> tuple[str, ...]:
    """The names as a tuple, if each can be a label.

    Raises
    ------
    SeedError
        If one cannot; the message begins with ``where``.
    """
    found = tuple(names)
    for name in found:
        try:
            check_name(name)
        except ValueError as error:
            raise SeedError(f"{where}: {error}") from None
    return found


def digest(path: Path) -> str:
    """One sha256 over the names and contents of all seed and lexicon files under a directory, or of one file."""
    total = hashlib.sha256()
    for file in _source_files(path):
        total.update(f"{file.relative_to(path).as_posix() if file != path else file.name}\n".encode())
        total.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return total.hexdigest()


def _source_files(path: Path) -> Iterable[Path]:
    if path.is_file():
        return [path]
    return sorted(file for file in path.rglob("*") if file.suffix in (".jsonl", ".txt"))
