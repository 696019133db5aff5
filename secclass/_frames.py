"""Tagging a column of a data frame, pandas or polars, through narwhals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeVar, cast

from secclass.errors import InputError, OptionError, optional
from secclass.labels import Scheme
from secclass.results import Document, columns, flat

Frame = TypeVar("Frame")


def tag_frame(
    frame: Frame,
    column: str,
    stream: Callable[[list[str]], Iterable[Document]],
    rows: Literal["sentences", "documents"],
    scheme: Scheme,
) -> Frame:
    """What ``Tagger.tag_frame`` describes; ``stream`` makes the documents, by a model of this scheme."""
    with optional("frames", "tag_frame"):
        import narwhals as nw
    try:
        table: nw.DataFrame[Any] = nw.from_native(cast(Any, frame), eager_only=True)
    except TypeError:
        raise InputError(
            f"tag_frame takes a pandas or polars data frame, got {type(frame).__module__}.{type(frame).__name__}; "
            "collect a lazy frame first"
        ) from None
    if rows not in ("sentences", "documents"):
        raise OptionError(f'rows must be "sentences" or "documents", got {rows!r}')
    if column not in table.columns:
        raise OptionError(f"no column {column!r}; there are: {', '.join(map(str, table.columns))}")
    held = columns(scheme)
    new = {"sentence" if name == "text" else name: name for name in held}  # column: entry of a flat sentence
    dropped = [column] if rows == "sentences" else []
    taken = [name for name in new if name in table.columns and name not in dropped]
    if taken:
        raise OptionError(f"the data frame has columns that tagging would make; rename or drop: {', '.join(taken)}")

    missing = table[column].is_null().to_list()
    texts = ["" if gone else text for text, gone in zip(table[column].to_list(), missing, strict=True)]
    documents = [[flat(sentence) for sentence in document] for document in stream(texts)]
    types: dict[type, Any] = {str: nw.String(), int: nw.Int64(), float: nw.Float64(), list: nw.List(nw.String())}
    if rows == "documents":
        types = {python: nw.List(inner) for python, inner in types.items()}
        cells = [
            [None if gone else [s[name] for s in document] for document, gone in zip(documents, missing, strict=True)]
            for name in new.values()
        ]
    else:
        lines = [(at, sentence) for at, document in enumerate(documents) for sentence in document or [{}]]
        table = table[[at for at, _ in lines]]
        cells = [[sentence.get(name) for _, sentence in lines] for name in new.values()]
    if table.implementation.is_pandas_like():  # has neither lists nor whole numbers with gaps: it chooses itself
        types = {python: kind if kind in (nw.String(), nw.Float64()) else None for python, kind in types.items()}
    tagged = table.with_columns(
        nw.new_series(name, values, types[held[source]], backend=table.implementation)
        for (name, source), values in zip(new.items(), cells, strict=True)
    )
    return cast(Frame, tagged.drop([name for name in dropped if name not in new]).to_native())
