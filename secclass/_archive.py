"""Arrays of numbers to the bytes of one .npz file and back.

Reading takes files that ``pack`` could have written, now or before model format 5, and no others: members that are
plain or deflated, little-endian numbers, one or two axes. Every size is known before memory is taken, and nothing in
the file is evaluated.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '([<|][uif][1248])', 'fortran_order': False, "
    rb"'shape': \((\d{1,12}),(?: (\d{1,12}))?\), \} *\n",
    re.DOTALL,
)


def pack(arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """An .npz of these arrays with fixed dates, so that the same arrays give the same bytes.

    Nothing is deflated: a wheel does that, and what it unpacks once is not unpacked at every start.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(array), allow_pickle=False)  # type: ignore[no-untyped-call,unused-ignore]
            info = zipfile.ZipInfo(f"{name}.npy", (2020, 1, 1, 0, 0, 0))
            archive.writestr(info, content.getvalue(), zipfile.ZIP_STORED)
    return buffer.getvalue()


def unpack(content: bytes, most: int) -> dict[str, npt.NDArray[Any]]:
    """The arrays of an .npz, read-only.

    Raises
    ------
    ValueError
        If it is none that ``pack`` could have written, or would take more than ``most`` bytes.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            total = sum(member.file_size for member in members)
            if total > most:
                raise ValueError(f"its arrays say that they take {total} bytes; a model takes at most {most}")
            arrays = {
                member.filename.removesuffix(".npy"): _array(member, _content(content, archive, member))
                for member in members
            }
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"its arrays cannot be unpacked ({error})") from error
    if len(arrays) < len(members):
        raise ValueError("it holds two arrays of one name")
    return arrays


def _content(file: bytes, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes | memoryview:
    """The bytes of a member; of one that is not deflated they are not copied."""
    if member.compress_type == zipfile.ZIP_DEFLATED:
        with archive.open(member) as unpacked:
            return unpacked.read(member.file_size + 1)  # a size, so that what it says of its size is not believed
    if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1 or member.file_size != member.compress_size:
        raise ValueError(f"{member.filename} is packed in a way that models are not")
    at = member.header_offset
    begin = (
        at + 30 + int.from_bytes(file[at + 26 : at + 28], "little") + int.from_bytes(file[at + 28 : at + 30], "little")
    )
    return memoryview(file)[begin : begin + member.file_size]


def _array(member: zipfile.ZipInfo, content: bytes | memoryview) -> npt.NDArray[Any]:
    header = _HEADER.match(content)
    if not header:
        raise ValueError(f"{member.filename} is no array of numbers as models hold them")
    shape = tuple(int(length) for length in header.groups()[1:] if length)
    return np.frombuffer(content, bytes(header[1]).decode(), offset=header.end()).reshape(shape)
