"""Soak: tag mixed documents for a long time from several threads, and see that memory stays flat and none is lost.

    python -m tests.soak --minutes 60

Every answer is compared with the first one to the same document. Resident memory is taken after every hundred
documents and printed each minute; the end is an error if its median in the last tenth of the time is more than a
twentieth above that in the first tenth. (It is the median, since threads that have large documents at the same time
make peaks.)
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from statistics import median

import secclass
from secclass._data import read_labelled
from tests.fuzz.properties import PIECES

ROOT = Path(__file__).resolve().parent.parent
ROUND = 100  # documents that are handed to the threads at once


def documents() -> list[str]:
    """Six hundred documents: prose of 1 to 200 sentences, nasty pieces, one long line, and one empty text."""
    chance = random.Random(8)
    prose = [row.text for row in read_labelled(ROOT / "seeds" / "en")]
    made = [" ".join(chance.sample(prose, chance.choice((1, 5, 20, 200)))) for _ in range(300)]
    made += ["".join(chance.choices(PIECES, k=chance.choice((1, 30, 3000)))) for _ in range(298)]
    return [*made, "no stop " * 50_000, ""]


def resident() -> float:
    """Resident memory in MiB."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096 / 2**20


def schedule(size: int) -> Iterator[int]:
    """Document numbers without end, in random order."""
    chance = random.Random(0)
    while True:
        yield from chance.sample(range(size), size)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--threads", type=int, default=4)
    options = parser.parse_args()
    texts = documents()
    tagger = secclass.load()
    expected = [hash(tagger.tag(text).to_json()) for text in texts]
    numbers = schedule(len(texts))
    begin = told = time.monotonic()
    handed = right = 0
    memory: list[float] = []

    def is_right(number: int) -> bool:
        return hash(tagger.tag(texts[number]).to_json()) == expected[number]

    with ThreadPoolExecutor(options.threads) as pool:
        while (passed := time.monotonic() - begin) < 60 * options.minutes:
            part = list(islice(numbers, ROUND))
            handed += len(part)
            right += sum(pool.map(is_right, part))
            memory.append(resident())
            if time.monotonic() - told >= 60:
                told = time.monotonic()
                print(f"{passed / 60:.0f} min: {handed} documents, {right} right, {memory[-1]:.1f} MiB", flush=True)
    tenth = max(1, len(memory) // 10)
    early, late = median(memory[:tenth]), median(memory[-tenth:])
    print(f"{handed} documents, {right} right; MiB {early:.1f} early, {late:.1f} late, {max(memory):.1f} at most")
    return 0 if handed == right and late <= 1.05 * early else 1


if __name__ == "__main__":
    sys.exit(main())
