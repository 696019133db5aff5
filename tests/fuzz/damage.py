"""Damage model files in every place, and see that the model is refused each time.

    python -m tests.fuzz.damage

Every byte of the small model is flipped and every file of it cut at every length; of the shipped model 5,000 places
a file. Then the largest model that the bounds allow is loaded, and the memory that this takes is measured.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from secclass import ModelDamagedError, _archive, _manifest, _store
from secclass._table import BITS
from tests.fuzz.models import FORMAT_1, put, rewritten


def damage(directory: Path, most: int) -> Counter[str]:
    """Flip a bit of, and cut off, each file at no more than ``most`` places; assert that the model is refused.

    The count of what was tried, by file and kind of damage.
    """
    tried: Counter[str] = Counter()
    for path in sorted(directory.iterdir()):
        content = path.read_bytes()
        for at in range(0, len(content), -(-len(content) // most)):
            flipped = bytearray(content)
            flipped[at] ^= 1 << at % 8
            for kind, changed in (("flipped", bytes(flipped)), ("cut", content[:at])):
                path.write_bytes(changed)
                try:
                    _store.read(directory)
                except ModelDamagedError:
                    tried[f"{path.name} {kind}"] += 1
                else:
                    raise AssertionError(f"{path.name} {kind} at {at} was not noticed")
        path.write_bytes(content)
    _store.read(directory)  # whole again
    return tried


def load_largest(directory: Path) -> None:
    """Load a model that is as large as may be, and print the peak of memory in MiB."""
    manifest, arrays = (json.loads((directory / "manifest.json").read_bytes()), directory / "arrays.npz")
    parts = _archive.unpack(arrays.read_bytes(), _store.MOST_MEMORY)
    rest = sum(array.nbytes for array in parts.values()) + 50_000
    count = (_store._MOST_FILES - rest) // 8  # bytes for each key and its value
    own = _manifest._unpacked(parts["crimes.keys"])  # they stay, or the model would be refused for its probe
    keys = np.union1d(own, np.arange(1, count, dtype=np.uint64) * np.uint64((1 << BITS) // count))
    values = np.zeros(len(keys), np.uint16)
    values[np.searchsorted(keys, own)] = parts["crimes.values"]
    parts |= {"crimes.keys": _manifest._packed(keys), "crimes.values": values}
    put(directory, manifest, _archive.pack(parts))
    command = f"""
import secclass
def peak():
    return next(int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
before = peak()
try:
    secclass.load({str(directory)!r})
    print("largest model: loaded")
except secclass.ModelError as error:
    print("largest model:", error)
print(f"memory: {{peak() - before:.0f}} MiB")
"""
    subprocess.run([sys.executable, "-c", command], check=True)


def main() -> None:
    for name, source, most in (("small", FORMAT_1, 10**6), ("shipped", _store.find("en"), 5_000)):
        directory = rewritten(source, Path(tempfile.mkdtemp()))
        tried = damage(directory, most)
        for what, count in tried.items():
            print(f"{name} model, {what}: {count} tried, {count} refused", flush=True)
        print(f"{name} model: {tried.total()} faults, all refused", flush=True)
    load_largest(rewritten(FORMAT_1, Path(tempfile.mkdtemp())))


if __name__ == "__main__":
    main()
