"""What cross-validation found about the scores of an axis."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
PRECISION = 0.95  # what the operating point "precision" promises


@dataclass(frozen=True)
class Curve:
    """Precision and recall of one label at some thresholds, which rise, as far as running text has the label."""

    threshold: FloatArray
    precision: FloatArray
    recall: FloatArray

    def place(self, point: str, balanced: float) -> int | None:
        """Where on the curve an operating point is; None where no threshold reaches it.

        "precision": the lowest threshold with a precision of ``PRECISION``, but not below ``balanced``. "recall": the
        highest F2, in which recall counts twice as much as precision, but not above ``balanced``.
        """
        if point == "precision":
            enough = np.flatnonzero((self.precision >= PRECISION) & (self.threshold >= balanced))
            return int(enough[0]) if len(enough) else None
        weighted = 4 * self.precision + self.recall
        f2 = np.divide(5 * self.precision * self.recall, weighted, out=np.zeros_like(weighted), where=weighted > 0)
        last = int(np.searchsorted(self.threshold, balanced, side="right"))
        return int(np.argmax(f2[: max(1, last)]))

    def threshold_at(self, point: str, balanced: float) -> float:
        """The threshold of an operating point; infinite, so that the label is never given, where there is none."""
        place = self.place(point, balanced)
        return math.inf if place is None else float(self.threshold[place])


@dataclass(frozen=True)
class Validated:
    """Of each label of an axis its curve, and the band of scores, ``low`` to ``high``, that are unsure."""

    curves: tuple[Curve, ...]
    low: FloatArray
    high: FloatArray
