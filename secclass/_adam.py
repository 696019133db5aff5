"""Stochastic gradient descent by Adam with decoupled weight decay (Loshchilov and Hutter 2019)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from secclass._network import FloatArray


class Adam:
    """Changes ``weights``, arrays by name, in place; each whole gradient is clipped to length 1."""

    def __init__(self, weights: Mapping[str, FloatArray], decay: float) -> None:
        self._weights = weights
        self._decay = decay
        self._steps = 0
        self._first = {name: np.zeros_like(value) for name, value in weights.items()}
        self._second = {name: np.zeros_like(value) for name, value in weights.items()}

    def step(self, gradient: Mapping[str, FloatArray], rate: float) -> None:
        """One step down the gradient, at this learning rate."""
        self._steps += 1
        norm = np.sqrt(sum(float((part**2).sum()) for part in gradient.values()))
        for name, part in gradient.items():
            first, second = self._first[name], self._second[name]
            part = part / max(1.0, norm)
            first += 0.1 * (part - first)
            second += 0.001 * (part**2 - second)
            change = (first / (1 - 0.9**self._steps)) / (np.sqrt(second / (1 - 0.999**self._steps)) + 1e-8)
            self._weights[name] *= 1 - rate * self._decay
            self._weights[name] -= rate * change
