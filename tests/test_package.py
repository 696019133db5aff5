"""What is shipped: exactly these files, the same bytes each time; and nothing reaches the network."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.helpers import few_seeds, needed

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ("secclass", "models", "seeds", "tests", "docs")
SINGLE = ("README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE", "mkdocs.yml", "pyproject.toml")


def tracked() -> set[str]:
    """The files of the repository: under git what is tracked, else all but what tools leave behind."""
    if (ROOT / ".git").exists():
        done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
        return {name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()}
    files = (path for path in ROOT.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(ROOT).as_posix() for path in files}


def build(kind: str, output: Path) -> Path:
    """Build a wheel or an sdist with the build backend that is installed here."""
    needed("build", "dev")
    needed("hatchling", "dev")
    command = [sys.executable, "-m", "build", "--no-isolation", f"--{kind}", "--outdir", str(output), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = output.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", tmp_path_factory.mktemp("wheel"))


def test_the_wheel_holds_the_package_and_the_models_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        meta = {name.split(".dist-info/")[1] for name in archive.namelist() if ".dist-info/" in name}
    files = tracked()
    package = {name for name in files if name.startswith("secclass/")}
    models = {f"secclass/_{name}" for name in files if name.startswith("models/")}
    assert names == package | models
    assert meta == {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}


def test_the_wheel_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size <= 4_000_000


def test_the_wheel_is_the_same_when_it_is_built_again(wheel: Path, tmp_path: Path) -> None:
    assert build("wheel", tmp_path).read_bytes() == wheel.read_bytes()


def test_the_sdist_holds_what_the_repository_holds(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {name for name in tracked() if name.startswith(tuple(f"{top}/" for top in SHIPPED)) or name in SINGLE}
    assert names == wanted | {"PKG-INFO", ".gitignore"}


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return few_seeds(tmp_path_factory.mktemp("seeds"))


BLOCKED = """
import socket

def refuse(*arguments, **named):
    raise AssertionError(f"the network was asked for: {arguments}")

class Refused(socket.socket):
    __init__ = refuse

socket.socket = Refused
socket.create_connection = socket.getaddrinfo = socket.gethostbyname = refuse
"""


@pytest.mark.parametrize(
    "code",
    [
        "import secclass; secclass.tag('The ministers agreed to fight telecom fraud.').to_json()",
        "import secclass; print(secclass.load().explain('They urged banks to act.'))",
        "from secclass.__main__ import main; assert main(['tag', 'docs/sample.txt', '--format', 'html']) == 0",
        "from secclass.__main__ import main; assert main(['train', SEEDS, '--output', OUTPUT, '--n-jobs', '1']) == 0",
    ],
    ids=["import and tag", "explain", "command line", "train"],
)
def test_nothing_reaches_the_network(seeds: Path, tmp_path: Path, code: str) -> None:
    program = f"{BLOCKED}\nSEEDS, OUTPUT = {str(seeds)!r}, {str(tmp_path / 'model')!r}\n{code}"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_blocking_the_network_blocks_it() -> None:
    program = f"{BLOCKED}\nimport urllib.request\nurllib.request.urlopen('http://127.0.0.1:9')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "the network was asked for" in done.stderr
