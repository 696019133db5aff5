"""Tags each sentence of regional-security text with crime types and stance.

>>> import secclass
>>> doc = secclass.tag("The ministers agreed to fight telecom fraud together.")
>>> doc[0].crimes, doc[0].stance
"""

import typing as _typing

from secclass.errors import (
    InputError,
    MissingDependencyError,
    ModelDamagedError,
    ModelError,
    ModelFormatError,
    ModelNotFoundError,
    OptionError,
    SecclassError,
    SeedError,
    TaggingError,
)
from secclass.labels import CrimeType, Stance
from secclass.results import Contribution, Document, Explanation, LabelExplanation, ModelInfo, Sentence
from secclass.tagger import Tagger, load, tag, tag_frame, tag_sentences

if _typing.TYPE_CHECKING:
    from secclass._classifier import SentenceClassifier as SentenceClassifier

__version__ = "0.1.0"

__all__ = [
    "Contribution",
    "CrimeType",
    "Document",
    "Explanation",
    "InputError",
    "LabelExplanation",
    "MissingDependencyError",
    "ModelDamagedError",
    "ModelError",
    "ModelFormatError",
    "ModelInfo",
    "ModelNotFoundError",
    "OptionError",
    "SecclassError",
    "SeedError",
    "Sentence",
    "SentenceClassifier",
    "Stance",
    "Tagger",
    "TaggingError",
    "__version__",
    "load",
    "tag",
    "tag_frame",
    "tag_sentences",
]


def __getattr__(name: str) -> _typing.Any:
    """SentenceClassifier is imported when it is asked for: it needs scikit-learn, tagging does not."""
    if name == "SentenceClassifier":
        from secclass._classifier import SentenceClassifier

        return SentenceClassifier
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
