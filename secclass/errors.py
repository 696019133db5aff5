"""The exception tree.

    SecclassError
    ├── InputError (TypeError)            not text, or text in the wrong shape
    ├── OptionError (ValueError)          an argument or label that is not known
    ├── SeedError (ValueError)            a faulty seed, gold or lexicon file
    ├── TaggingError (RuntimeError)       a text could not be tagged, e.g. because its worker died
    ├── MissingDependencyError (ImportError)   an optional package is needed and not installed
    └── ModelError
        ├── ModelNotFoundError (FileNotFoundError)
        ├── ModelDamagedError (ValueError)
        └── ModelFormatError (ValueError)      written by a newer (or much older) secclass

In brackets: the built-in error that each is as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class SecclassError(Exception):
    """Base of every error that secclass raises on purpose."""


class InputError(SecclassError, TypeError):
    """The input is not text, or is text in the wrong shape."""


class OptionError(SecclassError, ValueError):
    """An argument has a value that secclass does not know."""


class SeedError(SecclassError, ValueError):
    """A seed, gold or lexicon file has a fault; the message names file and line."""


class TaggingError(SecclassError, RuntimeError):
    """A text could not be tagged; the message names it by its index, ``__cause__`` is what went wrong."""


class MissingDependencyError(SecclassError, ImportError):
    """An optional package is needed for this call and is not installed."""


@contextmanager
def optional(extra: str, purpose: str) -> Iterator[None]:
    """Around the import of optional packages: where one is missing, the error names the extra that brings it.

    Raises
    ------
    MissingDependencyError
        If an import inside the ``with`` block fails.
    """
    try:
        yield
    except ImportError as error:
        raise MissingDependencyError(f"{purpose} needs {error.name}: pip install 'secclass[{extra}]'") from error


class ModelError(SecclassError):
    """Base of the errors about model directories."""


class ModelNotFoundError(ModelError, FileNotFoundError):
    """There is no model at the given place."""


class ModelDamagedError(ModelError, ValueError):
    """A model file is missing, changed, truncated, or says what cannot be."""


class ModelFormatError(ModelError, ValueError):
    """The model was written in a format that this version of secclass does not read."""
