"""Tags each sentence of regional-security text with crime types and stance.

>>> import secclass
>>> doc = secclass.tag("The ministers agreed to fight telecom fraud together.")
>>> doc[0].crimes, doc[0].stance
"""

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
    "Stance",
    "Tagger",
    "TaggingError",
    "__version__",
    "load",
    "tag",
    "tag_frame",
    "tag_sentences",
]
