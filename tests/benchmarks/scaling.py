"""How much faster several processes, a Dask cluster and Spark tag than one process, on this machine.

    python tests/benchmarks/scaling.py [--sentences N] [--workers N] [--rounds N]

Each contender tags the same documents, made of the seeds. One after the other, round by round, so that a machine
with other work slows all of them alike; processes are started and models read before the clock runs. Prints the
median over the rounds. Needs pip install 'secclass[integrations]' and Java.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pickle
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import joblib
import pandas as pd

import secclass
from secclass._data import read_labelled

SEEDS = Path(__file__).resolve().parents[2] / "seeds" / "en"
Count = Callable[[Sequence[str]], int]  # tags texts and says how many sentences they had


def seed_documents(sentences: int) -> list[str]:
    """Documents of ten seed sentences, each time in another order: a little more than so many sentences."""
    rows = [row.text for row in read_labelled(SEEDS)]
    shuffle = random.Random(7).shuffle
    texts: list[str] = []
    while len(texts) * 10 < 1.05 * sentences:
        shuffle(rows)
        texts += [" ".join(rows[begin : begin + 10]) for begin in range(0, len(rows), 10)]
    return texts


@contextlib.contextmanager
def joblib_workers(workers: int) -> Iterator[Count]:
    """Processes of this machine (1: this process)."""
    yield lambda texts: sum(map(len, secclass.load().stream(texts, n_jobs=workers)))


@contextlib.contextmanager
def dask(workers: int) -> Iterator[Count]:
    """A LocalCluster of processes."""
    from distributed import Client, LocalCluster

    def count(texts: Sequence[str]) -> int:
        with joblib.parallel_config(backend="dask"):
            documents = secclass.load().stream(texts)
        return sum(map(len, documents))

    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster):
        yield count


@contextlib.contextmanager
def spark(workers: int) -> Iterator[Count]:
    """A pandas UDF in local Spark; the sentences are counted where they are."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as f

    session = SparkSession.builder.master(f"local[{workers}]").config("spark.ui.enabled", "false").getOrCreate()
    tagger = secclass.load()

    @f.pandas_udf("array<struct<text: string, crimes: array<string>, stance: string>>")
    def tagged(batches: Iterator[pd.Series]) -> Iterator[pd.Series]:
        for batch in batches:
            yield pd.Series([document.to_records() for document in tagger.stream(batch, n_jobs=1)])

    def count(texts: Sequence[str]) -> int:
        frame = session.createDataFrame(pd.DataFrame({"text": texts})).repartition(4 * workers)
        sentences = frame.select(f.explode(tagged("text")).alias("s")).select("s.*")
        return int(sentences.agg(f.count("text"), f.count("stance"), f.count("crimes")).collect()[0][0])

    yield count
    session.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sentences", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=joblib.cpu_count())
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    texts = seed_documents(options.sentences)
    workers = options.workers
    makers = {
        "one process": joblib_workers(1),
        f"stream(n_jobs={workers})": joblib_workers(workers),
        f"Dask, {workers} workers": dask(workers),
        f"Spark, local[{workers}]": spark(workers),
    }
    seconds: dict[str, list[float]] = {name: [] for name in makers}
    with contextlib.ExitStack() as stack:
        counts = {name: stack.enter_context(maker) for name, maker in makers.items()}
        sentences = {name: count(texts[: 2000 * workers]) for name, count in counts.items()}  # warm up
        assert len(set(sentences.values())) == 1, sentences
        for _ in range(options.rounds):
            for name, count in counts.items():
                begin = time.perf_counter()
                total = count(texts)
                seconds[name].append(time.perf_counter() - begin)
    print(
        f"{total} sentences in {len(texts)} documents; a pickled tagger has {len(pickle.dumps(secclass.load()))} bytes"
    )
    alone = seconds["one process"]
    for name, times in seconds.items():
        speed_up = statistics.median(a / b for a, b in zip(alone, times, strict=True))
        print(f"{name:22} {total / statistics.median(times):9,.0f} sentences/s   {speed_up:5.2f} times one process")


if __name__ == "__main__":
    main()
