"""Speed, start and memory of secclass beside what others would use, on this machine.

    python tests/benchmarks/speed.py [--sentences N] [--rounds N] [--seeds N] [--growth N ...] [--parallel N]
                                     [--json FILE] [--plot FILE.svg]

Every contender learns from the same seeds and gives all scores of all labels for the same raw sentences, on one
core, in turns, round by round; figures are medians over the rounds, so that a machine with other work slows all
alike. ``str.lower().split()`` on the same sentences is the floor that no Python program gets under. Slow contenders
tag fewer sentences. Contenders whose packages are not installed are left out with a note.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from contenders import CONTENDERS, Contender, Predict, fasttext, minilm, textcat, tfidf

import secclass
from secclass._data import read_labelled
from secclass.evaluation import indicator
from secclass.labels import AXES

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT / "seeds" / "en"
LABELS = tuple(label for labels in AXES.values() for label in labels)
BESIDE: dict[str, tuple[Contender, float]] = {  # and the share of the sentences that each tags
    "TF-IDF words 1-2 + logistic regression": (tfidf, 1.0),
    "fastText, one-vs-all": (fasttext, 1.0),
    "spaCy textcat_multilabel, bag of words": (textcat, 0.2),
    "wordllama + logistic regression": (CONTENDERS["wordllama + logistic regression"], 1.0),
    "MiniLM + logistic regression": (minilm, 0.02),
}
FLOOR = "str.lower().split()"
SENTENCE = "Both ministers agreed to fight online gambling and telecom fraud."
STARTS = {"import numpy": "import numpy", "secclass": f"import secclass; secclass.tag({SENTENCE!r})"}
MEMORY = "; print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')))"  # Linux
ONE_CORE = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}


def clock(action: Callable[[], object]) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def secclass_scores(texts: Sequence[str]) -> list[list[float]]:
    """All label scores, as the other contenders give them."""
    return [[*s.crime_scores.values(), *s.stance_scores.values()] for s in secclass.load().tag_sentences(texts)]


def contenders(seeds: int) -> dict[str, tuple[Predict, float]]:
    """Those that can be had here, trained."""
    rows = [row for row in read_labelled(SEEDS) if not row.free]
    rows = [rows[i] for i in np.random.default_rng(0).permutation(len(rows))[:seeds]]
    truth = np.concatenate([indicator([row.labels(axis) for row in rows], AXES[axis]) for axis in AXES], axis=1)
    texts = [row.text for row in rows]
    trained: dict[str, tuple[Predict, float]] = {"secclass": (secclass_scores, 1.0)}
    for name, (contender, share) in BESIDE.items():
        try:
            part = slice(None, max(2000, int(share * len(texts))))
            trained[name] = contender(texts[part], truth[part]), share
        except (ImportError, OSError) as error:  # OSError: weights that would have to be fetched
            print(f"left out: {name}: {str(error).splitlines()[0][:100]}", flush=True)
    return trained


def batch_speed(trained: Mapping[str, tuple[Predict, float]], texts: Sequence[str], rounds: int) -> dict[str, float]:
    """Median microseconds a sentence of each contender, all sentences in one call."""
    for name, (predict, _) in trained.items():
        scores = np.asarray(predict(texts[:50]))
        assert scores.shape == (50, len(LABELS)), f"{name} gives {scores.shape}"
    times: dict[str, list[float]] = {FLOOR: [], **{name: [] for name in trained}}
    for _ in range(rounds):
        times[FLOOR].append(clock(lambda: [text.lower().split() for text in texts]) / len(texts))
        for name, (predict, share) in trained.items():
            part = texts[: max(50, int(share * len(texts)))]
            times[name].append(clock(lambda predict=predict, part=part: predict(part)) / len(part))  # type: ignore[misc]
    return {name: 1e6 * statistics.median(values) for name, values in times.items()}


def single_speed(trained: Mapping[str, tuple[Predict, float]], texts: Sequence[str], rounds: int) -> dict[str, float]:
    """Median microseconds of one call with one sentence."""
    times: dict[str, list[float]] = {name: [] for name in trained}
    for _ in range(rounds):
        for name, (predict, _) in trained.items():
            times[name] += [clock(lambda predict=predict, text=text: predict([text])) for text in texts]  # type: ignore[misc]
    return {name: 1e6 * statistics.median(values) for name, values in times.items()}


def start(rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    """Median seconds of a whole process, and its peak memory in megabytes; bytecode is compiled, as pip does it."""
    times: dict[str, list[float]] = {name: [] for name in STARTS}
    memory = {}
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)

        def run(code: str) -> str:
            command = [sys.executable, "-c", code]
            return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout

        for name, code in STARTS.items():
            memory[name] = megabytes(run(code + MEMORY))
        for _ in range(rounds):
            for name, code in STARTS.items():
                times[name].append(clock(lambda code=code: run(code)))  # type: ignore[misc]
    return {name: statistics.median(values) for name, values in times.items()}, memory


def megabytes(printed: str) -> float:
    """What ``MEMORY`` prints."""
    return int(printed.split()[-2]) / 1024


def stream_memory(counts: Sequence[int]) -> dict[str, float]:
    """Peak memory in megabytes of processes that tag a stream of so many sentences."""
    found = {}
    for count in counts:
        code = f"import itertools, secclass; t = itertools.repeat({SENTENCE!r}, {count})"
        code += "; sum(map(len, secclass.load().stream(t)))"
        printed = subprocess.run([sys.executable, "-c", code + MEMORY], check=True, capture_output=True, text=True)
        found[f"{count:,} sentences"] = megabytes(printed.stdout)
    return found


def processes(texts: Sequence[str], count: int, rounds: int) -> dict[str, float]:
    """Median seconds in which one process and two tag so many sentences, in documents of ten."""
    tagger = secclass.load()
    parts = [" ".join(texts[i % len(texts)] for i in range(begin, begin + 10)) for begin in range(0, count, 10)]
    times: dict[str, list[float]] = {"1": [], "2": []}
    sum(map(len, tagger.stream(parts[:2048], n_jobs=2)))  # starts the workers, and each reads the model
    for _ in range(rounds):
        for jobs, seconds in times.items():
            seconds.append(clock(lambda jobs=jobs: sum(map(len, tagger.stream(parts, n_jobs=int(jobs))))))  # type: ignore[misc]
    return {jobs: statistics.median(seconds) for jobs, seconds in times.items()}


def growth(texts: Sequence[str], counts: Sequence[int]) -> dict[str, float]:
    """Microseconds a sentence of a stream of more and more documents; and of one text of 50 MB without a full stop."""
    tagger = secclass.load()
    found = {}
    for count in counts:
        documents = (texts[i % len(texts)] for i in range(count))
        found[f"{count:,} sentences"] = 1e6 * clock(lambda d=documents: sum(1 for _ in tagger.stream(d))) / count  # type: ignore[misc]
    words = " ".join(texts).replace(".", " ").replace("!", " ").replace("?", " ").replace("\n", " ")
    for size in (5, 50):
        text = (words * (1 + size * 10**6 // len(words)))[: size * 10**6]
        found[f"one text of {size} MB without a full stop, a megabyte"] = (
            1e6
            * clock(
                lambda text=text: tagger.tag(text)  # type: ignore[misc]
            )
            / size
        )
    return found


def wheel() -> float:
    """Size of the wheel in megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, str(ROOT)]
        subprocess.run(command, check=True, capture_output=True)
        return next(Path(folder).glob("*.whl")).stat().st_size / 1e6


def table(figures: Mapping[str, Mapping[str, float]]) -> str:
    """What was measured, beside the targets."""
    batch, single, seconds, memory = (figures[name] for name in ("batch", "single", "start", "memory"))
    own = batch["secclass"]
    lines = ["| contender | us a sentence, batch | times secclass | us, one sentence a call | times secclass |"]
    lines += ["|---|---|---|---|---|"]
    for name, value in batch.items():
        alone = f"{single[name]:.0f} | {single[name] / single['secclass']:.2f}" if name in single else "|"
        lines.append(f"| {name} | {value:.1f} | {value / own:.2f} | {alone} |")
    sklearn = "TF-IDF words 1-2 + logistic regression"
    lines += ["", "| figure | target | measured |", "|---|---|---|"]
    rows = [
        ("batch, against the scikit-learn pipeline", ">= 8 times", sklearn, batch),
        ("batch, against fastText", ">= 1.2 times", "fastText, one-vs-all", batch),
        ("batch, against MiniLM + LR", ">= 300 times", "MiniLM + logistic regression", batch),
        (f"batch, as a share of the speed of {FLOOR}", ">= 0.25", FLOOR, batch),
        ("one sentence a call, against the scikit-learn pipeline", ">= 30 times", sklearn, single),
    ]
    for what, target, name, values in rows:
        measured = f"{values[name] / values['secclass']:.2f}" if name in values else "not measured"
        lines.append(f"| {what} | {target} | {measured} |")
    ratio = seconds["secclass"] / seconds["import numpy"]
    lines += [
        f"| process that tags one sentence, against `import numpy` | <= 1.8 times | {ratio:.2f} |",
        f"| its peak memory above numpy's | <= 25 MB | {memory['secclass'] - memory['import numpy']:.0f} MB |",
        f"| wheel | <= 4 MB | {figures['wheel']['MB']:.2f} MB |",
        f"| two processes, against one | >= 1.7 times | {figures['processes']['1'] / figures['processes']['2']:.2f} |",
        *(
            f"| peak memory of a stream of {name} | flat | {value:.0f} MB |"
            for name, value in figures["stream"].items()
        ),
        "",
        "| input | us a sentence |",
        "|---|---|",
    ]
    lines += [f"| {name} | {value:,.0f} |" for name, value in figures["growth"].items()]
    return "\n".join(lines)


def plot(batch: Mapping[str, float], path: Path) -> None:
    """Bars of the time a sentence takes, on a logarithmic axis."""
    pyplot = importlib.import_module("matplotlib.pyplot")
    figure, axes = pyplot.subplots(figsize=(7, 0.5 * len(batch) + 1), layout="constrained")
    names = sorted(batch, key=lambda name: -batch[name])
    bars = axes.barh(names, [batch[name] for name in names], color=["0.3" if n == "secclass" else "0.7" for n in names])
    axes.bar_label(bars, fmt="%.0f", padding=3)
    axes.set(xscale="log", xlabel="microseconds a sentence, one core (logarithmic)", title="Tagging 10,000 sentences")
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sentences", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=1_000_000, help="learn from so many seeds at most")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--growth", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="sentences of streams")
    parser.add_argument("--parallel", type=int, default=200_000, help="sentences for one process and for two")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    rows = [row.text for row in read_labelled(SEEDS)]
    texts = [rows[i % len(rows)] for i in np.random.default_rng(1).permutation(max(options.sentences, len(rows)))]
    texts = texts[: options.sentences]
    trained = contenders(options.seeds)
    seconds, memory = start(options.rounds)
    figures: dict[str, Mapping[str, float]] = {
        "batch": batch_speed(trained, texts, options.rounds),
        "single": single_speed(trained, texts[:100], options.rounds),
        "start": seconds,
        "memory": memory,
        "growth": growth(texts, options.growth),
        "stream": stream_memory(options.growth[1:3]),
        "processes": processes(texts, options.parallel, options.rounds),
        "wheel": {"MB": wheel()},
    }
    print(f"{options.sentences} sentences, {os.cpu_count()} cores, one used; medians of {options.rounds} rounds\n")
    print(table(figures))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if options.plot:
        plot(figures["batch"], options.plot)


if __name__ == "__main__":
    if ONE_CORE.items() - os.environ.items():  # must be set before numpy is imported
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **ONE_CORE})
    main()
