"""The model card: what a model is, what it is for, and what it is worth, from what its manifest keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from secclass._linear import Axis
from secclass._validated import PRECISION, Curve
from secclass.labels import CrimeType, Stance

_INTENDED = """\
## Intended use

- Finding, counting and sorting statements in English news, communiqués, treaties, speeches and reports on regional security, with a reader who checks what matters.
- Screening large collections before they are read; following how often a crime type is spoken of, and with what stance.

## Not intended

- **Not evidence against anybody.** A tag says that a sentence speaks of a crime. It is no finding of guilt: charges, denials, acquittals, statistics and fiction are tagged alike.
- Not for decisions about persons or groups, for surveillance, border control, credit, employment or policing.
- Not for other languages, for private messages, or for text that was written to be missed.

## Known failures

- Crimes that are told without an expression that the lexicon knows are missed; new criminals' slang is unknown until it is added.
- Ordinary words that are also words for a crime ("drug", "raid", "fraud" in an election) can be taken for it.
- Stance is harder than crime: judgements in passing, needs told as description, passive requests ("was asked by"), plans that bind nobody, and quoted or reported stances are confused most.
- Text all in capitals or all in lower case hides names; a misspelt crime word is an unknown word.
- Each sentence is read alone: "this crime", "such acts" and what was agreed a sentence before are not resolved.
- The seeds were written and read by readers of one kind: people of another training may disagree more often than the kappas in seeds/README.md tell.
"""  # noqa: E501  # a paragraph is a line in Markdown


def card(manifest: Mapping[str, Any], axes: Sequence[Axis]) -> str:
    """The card of a model in Markdown: the same whenever it is made from the same manifest."""
    found = manifest["cross_validated"]
    own = "own" in manifest or "own_lexicon" in manifest
    among = "seeds that mirror real sentences" if "seeds" in manifest else "sentences"
    lines = [
        f"# Model card: {'' if own else 'secclass '}{manifest['name']}, version {manifest['version']}",
        "",
        *(_own_head(manifest, axes) if own else _head(manifest)),
        "| label | precision | recall | F1 | interval of F1 | support |",
        "|---|---|---|---|---|---|",
        *(line for axis in axes for line in _scores(found[axis.name])),
        "",
        "## Calibration",
        "",
        f"Expected calibration error of out-of-fold scores (15 bins of equal mass, all labels together, labels as "
        f"frequent as in {'the sentences' if own else 'running text'}): {found['reliability']['error']:.4f}.",
        "",
        "| mean score | share that has the label | share of all scores |",
        "|---|---|---|",
        *(
            f"| {predicted:.3f} | {observed:.3f} | {share:.4f} |"
            for predicted, observed, share in zip(
                *(found["reliability"][name] for name in ("predicted", "observed", "share")), strict=True
            )
        ),
        "",
        "## Operating points",
        "",
        f"Threshold, precision and recall in cross-validation, labels as frequent as in "
        f"{'the sentences' if own else 'running text'}. `precision` "
        f"keeps a precision of {PRECISION} with as much recall as there is; a label that no threshold brings there is "
        "never given. `recall` is the highest F2.",
        "",
        "| label | balanced | precision | recall |",
        "|---|---|---|---|",
        *(line for axis in axes for line in _points(axis)),
        "",
        "## Unsure",
        "",
        f"{found['unsure']['sentences']:.1%} of the {among} have an unsure label, with "
        f"{found['unsure']['errors']:.1%} of all labels that are wrongly given or missing.",
    ]
    return "\n".join(lines) + "\n"


def _head(manifest: Mapping[str, Any]) -> list[str]:
    """What the shipped model is, and its data."""
    return [
        "Tags English sentences of regional-security text with crime types and stance. Linear models over lexicon and "
        "n-gram features, one a label, and a small convolutional network for stance; how they work: docs/method.md.",
        "",
        _INTENDED,
        "## Data",
        "",
        f"{manifest['seeds']['sentences']} sentences written for the purpose, labelled by the codebook, and nothing "
        f"else (seeds/{manifest['language']}, described in seeds/README.md; sha256 `{manifest['seeds']['sha256']}`). "
        f"Trained with {_tools(manifest)}.",
        "",
        "## Labels",
        "",
        "| label | definition |",
        "|---|---|",
        *(f"| {label} | {label.definition} |" for label in (*CrimeType, *Stance)),
        "",
        "## Scores",
        "",
        "From 5-fold cross-validation on the seeds. Many seeds were written to be hard; real text is harder or easier, "
        "see docs/accuracy.md. Here and at the operating points labels on which the two readers of a seed differed are "
        "not counted, which flatters; scores of crime flatter further: the lexicon was grown by what was missed in "
        "these seeds, and all folds share it. Intervals: 95%, by bootstrap over sentences.",
        "",
    ]


def _own_head(manifest: Mapping[str, Any], axes: Sequence[Axis]) -> list[str]:
    """What a model is that somebody trained on sentences, or with a lexicon, of their own."""
    data = []
    if "own" in manifest:
        own = manifest["own"]
        data.append(f"- {own['sentences']} sentences of one's own (sha256 `{own['sha256']}`)")
        if "seeds" in manifest:
            data[-1] += f", each of which counts as {own['times']} of the seeds"
    if "seeds" in manifest:
        data.append(f"- {manifest['seeds']['sentences']} seeds (sha256 `{manifest['seeds']['sha256']}`)")
    if "own_lexicon" in manifest:
        data.append(f"- a lexicon of one's own (sha256 `{manifest['own_lexicon']['sha256']}`)")
    return [
        "Tags sentences with the labels below. How it works: docs/method.md of secclass; what it is for, and what it "
        "fails at, is for those to tell who trained it.",
        "",
        "## Data",
        "",
        *data,
        "",
        f"Trained with {_tools(manifest)}.",
        "",
        "## Labels",
        "",
        *(f"- {axis.name}: {', '.join(axis.labels)}" for axis in axes),
        "",
        "## Scores",
        "",
        "From 5-fold cross-validation on the training sentences. Intervals: 95%, by bootstrap over sentences.",
        "",
    ]


def _tools(manifest: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {version}" for name, version in manifest["trained_with"].items())


def _scores(axis: Mapping[str, Any]) -> Iterator[str]:
    for label, score in axis["labels"].items():
        low, high = score["f1_interval"]
        yield (
            f"| {label} | {score['precision']:.3f} | {score['recall']:.3f} | {score['f1']:.3f} "
            f"| {low:.3f} to {high:.3f} | {score['support']} |"
        )
    yield f"| macro, micro F1 | | | {axis['macro_f1']:.3f}, {axis['micro_f1']:.3f} | | |"


def _points(axis: Axis) -> Iterator[str]:
    curves = axis.validated.curves if axis.validated else ()
    for label, threshold, curve in zip(axis.labels, axis.threshold.tolist(), curves, strict=True):
        balanced = int(np.searchsorted(curve.threshold, threshold))
        points = (curve.place(point, threshold) for point in ("precision", "recall"))
        yield f"| {label} | {' | '.join(_point(curve, place) for place in (balanced, *points))} |"


def _point(curve: Curve, place: int | None) -> str:
    if place is None:
        return "never given"
    return f"{curve.threshold[place]:.3f}: {curve.precision[place]:.3f}, {curve.recall[place]:.3f}"
