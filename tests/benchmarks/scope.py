"""How many sentences are said to be outside what the model knows, by kind of text.

    python tests/benchmarks/scope.py [SENTENCES.jsonl] [MODEL]

Needs spaCy, for its example sentences. English prose should stay inside, all else should not.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import inspect
import json
import pkgutil
import shutil
import string
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import numpy as np

import secclass

ROOT = Path(__file__).resolve().parents[2]


def languages(names: Iterable[str]) -> list[str]:
    """The examples that spaCy has for languages: of five words or more, or of scripts without spaces."""
    texts: list[str] = []
    for name in names:
        with contextlib.suppress(ImportError):  # some have none
            texts += importlib.import_module(f"spacy.lang.{name}.examples").sentences
    return [text for text in texts if len(text.split()) >= 5 or " " not in text]


def code(*modules: ModuleType) -> list[str]:
    """Lines of more than 20 characters that have brackets or an equals sign, without comments."""
    lines = [line.strip() for module in modules for line in inspect.getsource(module).splitlines()]
    return [line for line in lines if len(line) > 20 and set(line) & set("=()[]{}") and "#" not in line]


def noise(characters: str, count: int) -> list[str]:
    """Sentences of twelve words of random characters."""
    chance = np.random.default_rng(0)
    words = ["".join(chance.choice(list(characters), chance.integers(2, 9))) for _ in range(count * 12)]
    return [" ".join(words[begin : begin + 12]) for begin in range(0, len(words), 12)]


def texts_of(path: Path) -> list[str]:
    return [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]


def main() -> None:
    lang = importlib.import_module("spacy.lang")
    foreign = [found.name for found in pkgutil.iter_modules(lang.__path__) if found.ispkg and found.name != "en"]
    seeds = [text for path in sorted((ROOT / "seeds" / "en").glob("*.jsonl")) for text in texts_of(path)]
    kinds = {
        "other languages (spaCy's examples)": languages(foreign),
        "code (argparse, ast, shutil)": code(argparse, ast, shutil),
        "random letters": noise(string.ascii_lowercase, 300),
        "random characters": noise(string.ascii_letters + string.digits + string.punctuation, 300),
        "English seeds": seeds,
        "English seeds in lower case": [text.lower() for text in seeds],
        "English seeds in upper case": [text.upper() for text in seeds],
    }
    if len(sys.argv) > 1:
        kinds[Path(sys.argv[1]).name] = texts_of(Path(sys.argv[1]))
    tagger = secclass.load(*sys.argv[2:3])
    for kind, texts in kinds.items():
        reasons = Counter(s.reason for s in tagger.tag_sentences(texts))
        inside = reasons.pop(None, 0)
        named = ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items()))
        print(f"{kind:<36}{len(texts):>7}{1 - inside / len(texts):>8.1%}  {named}")


if __name__ == "__main__":
    main()
