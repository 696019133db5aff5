"""The public surface is exactly this, and importing it costs little.

``data/public_api.txt`` holds every public signature, label and option of the command line. A change of it is a
change that users see: write it down in CHANGELOG.md, see docs/stability.md, and run ``python -m tests.test_surface``.
"""

from __future__ import annotations

import argparse
import inspect
import subprocess
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import secclass
from secclass import plots
from secclass.__main__ import _parser

NAMES = {
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
}
SUBMODULES = {"labels", "errors", "plots", "results", "tagger", "evaluation", "training"}
PLOTS = {"crime_by_stance", "strip", "timeline"}


API = Path(__file__).parent / "data" / "public_api.txt"


def described(name: str, thing: object) -> Iterator[str]:
    """A line for a function or class, and one for each public member that it does not inherit from elsewhere."""
    if not isinstance(thing, type):
        yield f"{name}{inspect.signature(thing)}" if callable(thing) else name
        return
    bases = ", ".join(base.__name__ for base in thing.__bases__)
    if issubclass(thing, Enum):
        yield f"{name}({bases}): {' '.join(str(member.value) for member in thing)}"
    elif issubclass(thing, Exception):
        yield f"{name}({bases})"
    else:
        yield f"{name}({bases}){inspect.signature(thing)}"
        for member in sorted(vars(thing)):
            value = vars(thing)[member]
            if isinstance(value, property):
                yield f"{name}.{member}: {inspect.signature(value.fget).return_annotation}"
            elif inspect.isfunction(value) and not member.startswith("_"):
                yield f"{name}.{member}{inspect.signature(value)}"


def public_api() -> str:
    lines = [line for name in sorted(NAMES) for line in described(f"secclass.{name}", getattr(secclass, name))]
    lines += [line for name in sorted(PLOTS) for line in described(f"secclass.plots.{name}", getattr(plots, name))]
    (commands,) = (action for action in _parser()._actions if isinstance(action, argparse._SubParsersAction))
    for command, parser in commands.choices.items():
        arguments = ["/".join(action.option_strings) or action.dest for action in parser._actions]
        lines.append(f"secclass {' '.join([command, *arguments])}")
    return "\n".join(lines) + "\n"


def test_signatures_are_those_of_the_snapshot() -> None:
    assert public_api() == API.read_text(encoding="utf-8"), "run python -m tests.test_surface, and tell users"


def test_all_is_exact_and_everything_in_it_exists() -> None:
    assert set(secclass.__all__) == NAMES
    assert all(hasattr(secclass, name) for name in NAMES)


def test_nothing_else_leaks() -> None:
    public = {name for name in vars(secclass) if not name.startswith("_")}
    assert public - SUBMODULES <= NAMES


def test_public_methods() -> None:
    def methods(cls: type) -> set[str]:
        return {name for name, _ in inspect.getmembers(cls) if not name.startswith("_")}

    assert methods(secclass.Tagger) == {
        *("explain", "info", "stream", "tag", "tag_frame", "tag_sentences", "thresholds")
    }
    sequence = {"count", "index"}
    own = {"counts", "error", "filter", "plot", "to_frame", "to_html", "to_json", "to_records"}
    assert methods(secclass.Document) - sequence == own
    assert methods(secclass.Sentence) == {"labels", "reason", "scores", "stance", "to_dict", "unsure"}


def test_every_public_thing_has_a_docstring() -> None:
    for name in NAMES - {"__version__"}:
        assert inspect.getdoc(getattr(secclass, name)), name
    for name in PLOTS:
        assert inspect.getdoc(getattr(plots, name)), name


def test_plots_show_nothing_else() -> None:
    own = {name for name, value in vars(plots).items() if getattr(value, "__module__", "") == plots.__name__}
    assert {name for name in own if not name.startswith("_")} == PLOTS


def test_typed_marker_and_version_agree_with_the_project() -> None:
    package = Path(secclass.__file__).parent
    assert (package / "py.typed").is_file()
    project = package.parent / "pyproject.toml"
    assert f'version = "{secclass.__version__}"' in project.read_text(encoding="utf-8")


def test_tagging_works_where_scikit_learn_cannot_be_imported() -> None:
    code = (
        "import sys\n"
        "for name in ('sklearn', 'scipy', 'joblib', 'pandas', 'matplotlib'): sys.modules[name] = None\n"
        "import secclass\n"
        "doc = secclass.tag('Ministers agreed to fight telecom fraud.')\n"
        "assert doc[0].crimes == ('telecom_fraud',), doc[0]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_import_reads_no_model() -> None:
    code = (
        "import builtins, io, pathlib\n"
        "opened = []\n"
        "real = pathlib.Path.read_bytes\n"
        "pathlib.Path.read_bytes = lambda self: opened.append(str(self)) or real(self)\n"
        "import secclass\n"
        "assert not opened, opened"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


if __name__ == "__main__":
    API.write_text(public_api(), encoding="utf-8")
