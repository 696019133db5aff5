"""Texts from files: whole text files, or one column of a CSV, JSON-lines or Parquet file, read row by row."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from secclass.errors import InputError, OptionError, optional


@dataclass(frozen=True)
class FileText:
    """A text and where it stood: a whole file ("-" is standard input), or a row, counted from 0."""

    text: str
    file: str
    row: int | None = None


def read_texts(files: Sequence[str], column: str | None) -> Iterator[FileText]:
    """The texts of UTF-8 text files or, with ``column``, of that column of tables. A missing value is "".

    Raises
    ------
    InputError
        If a file does not hold what its name promises, or is not UTF-8; the message names file and line.
    OptionError
        If a table comes without ``column``, something else with it, or the column does not exist.
    MissingDependencyError
        For a Parquet file, if pyarrow is not installed.
    """
    for file in files:
        read = _READERS.get(Path(file).suffix.lower())
        if column is None:
            if read:
                raise OptionError(f"{file} is a table: name the column with the texts by --text-column")
            yield FileText(_whole(file), file)
        else:
            if not read:
                raise OptionError(f"--text-column needs tables ({', '.join(_READERS)}), got {file}")
            for row, value in enumerate(read(file, column)):
                if not isinstance(value, (str, type(None))):
                    raise InputError(f"{file}: row {row}: {column!r} must be a text, got {value!r}")
                yield FileText(value or "", file, row)


def _whole(file: str) -> str:
    content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    return _decoded(content, file)


def _decoded(content: bytes, file: str, first_line: int = 1) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = first_line + content[: error.start].count(b"\n")
        raise InputError(f"{file}: line {line} is not UTF-8 ({error.reason}); convert the file to UTF-8") from None


def _lines(file: str) -> Iterator[str]:
    with open(file, "rb") as lines:
        for number, line in enumerate(lines, 1):
            yield _decoded(line, file, number)


def _check_column(column: str, columns: Iterable[str], where: str) -> None:
    names = list(columns)
    if column not in names:
        raise OptionError(f"{where}: no column {column!r}; there are: {', '.join(names)}")


def _csv(file: str, column: str) -> Iterator[str | None]:
    csv.field_size_limit(2**31 - 1)  # a document may be longer than the 128 kB that csv expects
    rows = csv.DictReader(_lines(file))
    try:
        _check_column(column, rows.fieldnames or (), file)
        for row in rows:
            yield row[column]
    except csv.Error as error:
        raise InputError(f"{file}: line {rows.line_num} is not CSV ({error})") from None


def _json_lines(file: str, column: str) -> Iterator[Any]:
    for number, line in enumerate(_lines(file), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{file}: line {number} is not JSON ({error})") from None
        if not isinstance(record, dict):
            raise InputError(f"{file}: line {number} must hold a JSON object, got {line.strip()[:60]!r}")
        _check_column(column, record, f"{file}: line {number}")
        yield record[column]


def _parquet(file: str, column: str) -> Iterator[Any]:
    with optional("frames", "reading Parquet"):
        import pyarrow
        from pyarrow import parquet
    try:
        with parquet.ParquetFile(file) as table:
            _check_column(column, table.schema_arrow.names, file)
            for batch in table.iter_batches(columns=[column], batch_size=1024):
                yield from batch.column(0).to_pylist()
    except pyarrow.ArrowInvalid as error:
        raise InputError(f"{file} is not Parquet ({error})") from None


_READERS = {".csv": _csv, ".jsonl": _json_lines, ".ndjson": _json_lines, ".parquet": _parquet}
