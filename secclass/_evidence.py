"""Which tokens are the words that make a label, as the seeds say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from secclass._data import Labelled
from secclass._tokens import BoolArray, Tokens


def evidence_tokens(tokens: Tokens, rows: Sequence[Labelled], labels: Sequence[str]) -> BoolArray:
    """For each token of a batch (rows) whether it is evidence of each label (columns); ``rows`` are its sentences."""
    marked = np.zeros((len(tokens.key), len(labels)), bool)
    opens = np.flatnonzero(tokens.boundary)
    for sentence, row in enumerate(rows):
        inside = slice(opens[sentence] + 1, opens[sentence + 1])
        for column, label in enumerate(labels):
            for run in row.evidence.get(label, ()):
                begin = row.text.index(run)
                overlaps = (tokens.start[inside] < begin + len(run)) & (tokens.end[inside] > begin)
                marked[inside, column] |= overlaps
    return marked
