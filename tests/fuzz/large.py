"""Tag 50 MB of text without a sentence end, in several scripts, and print the time and the peak of memory.

python -m tests.fuzz.large
"""

from __future__ import annotations

import resource
import time

import secclass
from tests.fuzz.properties import check_spans, check_tagged

UNITS = {"words": "they meet again ", "one word": "a", "right to left": "שלום עולם ", "emoji": "😀", "quotes": "“x ”"}
CHARACTERS = 50_000_000


def main() -> None:
    tagger = secclass.load()
    for name, unit in UNITS.items():
        text = unit * (CHARACTERS // len(unit))
        begin = time.perf_counter()
        doc = tagger.tag(text)
        seconds = time.perf_counter() - begin
        check_tagged([text[start:end] for start, end in check_spans(text)], doc)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{name}: {len(text)} characters, {len(doc)} sentences, {seconds:.0f} s, peak so far {peak:.0f} MiB")


if __name__ == "__main__":
    main()
