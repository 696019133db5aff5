"""A real Dask cluster of processes and a real local Spark: 100,000 sentences, the answers of one process."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import joblib
import pytest

from secclass import Document, Tagger
from secclass import tagger as tagger_module
from tests.helpers import needed, run_page

distributed = needed("distributed", "integrations")
functions = needed("pyspark.sql.functions", "integrations")
pandas = needed("pandas", "frames")

pytestmark = pytest.mark.filterwarnings(
    "ignore:PySpark does not yet fully support pandas:FutureWarning",
    "ignore:Port .* is already in use:UserWarning",  # Dask then takes another
)
SENTENCES = 100_000


@pytest.fixture(scope="module")
def corpus(tagger: Tagger) -> list[Document]:
    """Documents of seed sentences as one process tags them."""
    from tests.benchmarks.scaling import seed_documents

    documents = list(tagger.stream(seed_documents(SENTENCES), n_jobs=1))
    assert sum(len(document) for document in documents) >= SENTENCES
    return documents


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the how-to page defines; its code runs and prints what it says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        namespace = run_page("docs/how-to/dask-and-spark.md", tmp_path_factory.mktemp("page"))
        yield namespace
        namespace["spark"].stop()


def reads() -> int:
    """How often this process has read a model."""
    return tagger_module._read.cache_info().misses


def test_dask_gives_the_answers_of_one_process(corpus: list[Document], tagger: Tagger) -> None:
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        with joblib.parallel_config(backend="dask"):
            spread = tagger.stream((document.text for document in corpus), batch_size=500)
        assert all(found == expected for found, expected in zip(spread, corpus, strict=True))
        assert list(client.run(reads).values()) == [1, 1]


def test_spark_gives_the_answers_of_one_process(corpus: list[Document], page: dict[str, Any]) -> None:
    spark, tagged = page["spark"], page["tagged"]
    texts = [document.text for document in corpus] + [None]
    frame = spark.createDataFrame(pandas.DataFrame({"text": texts})).repartition(8)
    answers = {row.text: row.tagged for row in frame.select("text", tagged("text").alias("tagged")).toLocalIterator()}
    assert answers.pop(None) is None
    assert answers.keys() == set(texts) - {None}
    for document in corpus:
        found = [record.asDict(recursive=True) for record in answers[document.text]]
        records = document.to_records()
        assert found == [{name: record[name] for name in found[0]} for record in records]
    assert {"text", "start", "end", "crimes", "stance", "stances", "stance_scores"} == found[0].keys()

    @functions.pandas_udf("string")
    def worker(numbers: pandas.Series) -> pandas.Series:
        return numbers.map(lambda _: f"{os.getpid()} {tagger_module._read.cache_info().misses}")

    seen = {row.worker for row in spark.range(40).repartition(8).select(worker("id").alias("worker")).collect()}
    assert {answer.split()[1] for answer in seen} <= {"0", "1"}
    assert "1" in {answer.split()[1] for answer in seen}
