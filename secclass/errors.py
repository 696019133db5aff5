"""The exception tree.

SecclassError
├── InputError (TypeError)            not text, or text in the wrong shape
├── OptionError (ValueError)          an argument or label that is not known
├── SeedError (ValueError)            a faulty seed, gold or lexicon file
├── MissingDependencyError (ImportError)   an optional package is needed and not installed
└── ModelError
    ├── ModelNotFoundError (FileNotFoundError)
    ├── ModelDamagedError (ValueError)
    └── ModelFormatError (ValueError)      written by a newer (or much older) secclass
"""

from __future__ import annotations


class SecclassError(Exception):
    """Base of every error that secclass raises on purpose."""


class InputError(SecclassError, TypeError):
    """The input is not text, or is text in the wrong shape."""


class OptionError(SecclassError, ValueError):
    """An argument has a value that secclass does not know."""


class SeedError(SecclassError, ValueError):
    """A seed, gold or lexicon file has a fault; the message names file and line."""


class MissingDependencyError(SecclassError, ImportError):
    """An optional package is needed for this call and is not installed."""


class ModelError(SecclassError):
    """Base of the errors about model directories."""


class ModelNotFoundError(ModelError, FileNotFoundError):
    """There is no model at the given place."""


class ModelDamagedError(ModelError, ValueError):
    """A model file is missing, changed, truncated, or says what cannot be."""


class ModelFormatError(ModelError, ValueError):
    """The model was written in a format that this version of secclass does not read."""
