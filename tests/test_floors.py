"""Each module imports only from the floors below its own."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import secclass

FLOORS = [
    {"errors"},
    {"labels"},
    {"plots", "_html"},
    {"_archive", "_text", "_tokens", "_data", "_files", "_validated", "results"},
    {"_company", "_table", "_views", "_stream", "_frames"},
    {"_lexicon", "_names", "_cues", "_characters", "_spelling"},
    {"_features", "_scope"},
    {"_network"},
    {"_linear"},
    {"_manifest", "_operating"},
    {"_store"},
    {"tagger"},
    {"evaluation", "_spacy"},
    {"_adam", "_sentences", "_linear_training", "_calibration", "_card"},
    {"_pretraining"},
    {"_network_training"},
    {"_axis_training"},
    {"training", "_classifier"},
    {"__init__"},
    {"__main__"},
]
FLOOR_OF = {name: floor for floor, names in enumerate(FLOORS) for name in names}
PACKAGE = Path(secclass.__file__).parent
TRAINING = {"training", "_classifier", "_axis_training", "_network_training", "_linear_training", "_calibration"}
TRAINING |= {"_adam", "_sentences", "_pretraining"}
RUNTIME_ONLY = {"numpy", "sentencex"}  # what inference may import beside the standard library
OPTIONAL = {  # imported where asked for
    "plots": {"matplotlib"},
    "results": {"matplotlib", "pandas"},
    "_files": {"pyarrow"},
    "_frames": {"narwhals"},
    "_spacy": {"spacy"},
    "_stream": {"joblib", "tqdm"},
    "evaluation": {"matplotlib"},
}


def imports(path: Path) -> tuple[set[str], set[str]]:
    """Modules of the package, and other packages, that a file imports anywhere in it."""
    own, other = set(), set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module == "secclass":
            names = [f"secclass.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            names = [node.module or ""]
        else:
            continue
        for name in names:
            top, _, rest = name.partition(".")
            if top != "secclass":
                other.add(top)
            else:
                own.add(rest.split(".")[0] if rest.split(".")[0] in FLOOR_OF else "__init__")
    return own, other


def test_every_module_has_a_floor() -> None:
    assert {path.stem for path in PACKAGE.glob("*.py")} == set(FLOOR_OF)


@pytest.mark.parametrize("name", sorted(FLOOR_OF))
def test_imports_go_downwards(name: str) -> None:
    own, _ = imports(PACKAGE / f"{name}.py")
    assert all(FLOOR_OF[used] < FLOOR_OF[name] for used in own), own


@pytest.mark.parametrize("name", sorted(set(FLOOR_OF) - TRAINING))
def test_only_training_needs_scikit_learn(name: str) -> None:
    import sys

    _, other = imports(PACKAGE / f"{name}.py")
    foreign = {module for module in other if module not in sys.stdlib_module_names}
    assert foreign <= RUNTIME_ONLY | OPTIONAL.get(name, set())
