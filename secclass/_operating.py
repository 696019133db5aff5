"""Operating points: which thresholds a caller asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from secclass._linear import Axis, FloatArray
from secclass.errors import InputError, OptionError
from secclass.labels import CrimeType, Stance

Point = Literal["balanced", "precision", "recall"]
Thresholds = Point | float | Mapping[CrimeType | Stance | str, Point | float]


def thresholds_of(
    axes: Sequence[Axis], asked: Thresholds | None, otherwise: Mapping[str, FloatArray] | None = None
) -> dict[str, FloatArray]:
    """The thresholds asked for: by name of the axis, an entry a label.

    Labels that are not spoken of keep their thresholds of ``otherwise``, or those of the model.

    Raises
    ------
    OptionError
        If there is no such operating point or label, a number is not between 0 and 1, or the model does not say
        what the operating point needs.
    InputError
        If what is asked for is no str, number or mapping.
    """
    kept = {axis.name: axis.threshold for axis in axes} if otherwise is None else dict(otherwise)
    if asked is None:
        return kept
    by_label = asked if isinstance(asked, Mapping) else {label: asked for axis in axes for label in axis.labels}
    known = [label for axis in axes for label in axis.labels]
    for label in by_label:
        if label not in known:
            raise OptionError(f"thresholds names no label of the model, {str(label)!r}; there are: {', '.join(known)}")
    return {
        axis.name: np.array(
            [
                _threshold(axis, column, by_label[label]) if label in by_label else kept[axis.name][column]
                for column, label in enumerate(axis.labels)
            ]
        )
        for axis in axes
    }


def _threshold(axis: Axis, column: int, asked: object) -> float:
    if isinstance(asked, (int, float)) and not isinstance(asked, bool):
        if not 0 <= asked <= 1:
            raise OptionError(f"a threshold is a probability, between 0 and 1, got {asked!r}")
        return float(asked)
    if not isinstance(asked, str):
        raise InputError(
            f"thresholds must be 'balanced', 'precision', 'recall', a number, or a mapping of labels to these, "
            f"got {type(asked).__name__}"
        )
    if asked == "balanced":
        return float(axis.threshold[column])
    if asked not in ("precision", "recall"):
        raise OptionError(f"no operating point {asked!r}; there are: balanced, precision, recall")
    if axis.validated is None:
        raise OptionError(
            f"the model does not say which thresholds give {asked}: it was written before model format 4; "
            "train it again, or ask for 'balanced' or numbers"
        )
    return axis.validated.curves[column].threshold_at(asked, float(axis.threshold[column]))
