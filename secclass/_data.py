"""Labelled sentences: reading JSON lines of seeds and gold, with errors that name file and line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from secclass.errors import SeedError
from secclass.labels import CrimeType, Stance

AXES: dict[str, tuple[str, ...]] = {
    "crimes": tuple(label.value for label in CrimeType),
    "stances": tuple(label.value for label in Stance),
}


@dataclass(frozen=True)
class Labelled:
    """One labelled sentence.

    ``free`` are labels not to be counted on it; ``natural`` marks a seed that mirrors a real sentence drawn
    without choice, so that natural seeds have natural frequencies; ``where`` is file and line.
    """

    text: str
    crimes: tuple[str, ...]
    stances: tuple[str, ...]
    free: tuple[str, ...] = ()
    genre: str = ""
    offtopic: bool = False
    natural: bool = False
    where: str = field(default="", compare=False)

    def labels(self, axis: str) -> tuple[str, ...]:
        """Labels on the axis "crimes" or "stances"."""
        return self.crimes if axis == "crimes" else self.stances


def read_labelled(path: Path) -> list[Labelled]:
    """The sentences of one JSON-lines file, or of all ``*.jsonl`` under a directory, in order of names.

    Raises
    ------
    SeedError
        If a file cannot be read or a line is not a labelled sentence; the message names file and line.
    """
    if path.is_dir():
        files = sorted(path.rglob("*.jsonl"))
        if not files:
            raise SeedError(f"{path} holds no .jsonl file")
        return [row for file in files for row in read_labelled(file)]
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SeedError(f"{path}: not UTF-8 ({error}); save the file as UTF-8") from None
    except OSError as error:
        raise SeedError(f"{path}: cannot be read ({error})") from None
    lines = enumerate(text.split("\n"), 1)
    return [_parsed(line, f"{path}:{number}") for number, line in lines if line.strip()]


def _parsed(line: str, where: str) -> Labelled:
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


def digest(folder: Path) -> str:
    """One sha256 over the names and contents of all seed and lexicon files under a directory."""
    total = hashlib.sha256()
    for path in _source_files(folder):
        total.update(f"{path.relative_to(folder).as_posix()}\n".encode())
        total.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return total.hexdigest()


def _source_files(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in (".jsonl", ".txt"))
