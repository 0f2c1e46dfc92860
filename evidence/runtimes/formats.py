"""Which format a file really has, told by its first bytes."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

# Loading any of these runs whatever code its author put in. They are stored and hashed, never loaded.
NEVER_EXECUTED = frozenset(
    {
        "pickle",
        "joblib",
        "cloudpickle",
        "dill",
        "pytorch",
        "torchscript",
        "keras",
        "hdf5",
        "savedmodel",
        "pyfunc",
    }
)

# How files of the formats that are run are named, the plainest first.
SUFFIXES = {"onnx": (".onnx",), "lightgbm": (".lightgbm", ".txt")}

# First bytes as magic numbers; the protocols of pickle from 2 on start with 0x80 and their number.
BINARY_PICKLE = re.compile(rb"\x80[\x02-\x0f]")
# Protocols 0 and 1 are text: a mark, a list or a dictionary, or the import of a name.
TEXT_PICKLE = re.compile(rb"\((?:[lditc]|S')|[\]}]q|c[A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n")
COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"x\x01", b"x^", b"x\x9c", b"x\xda", b"\x04\x22\x4d\x18")
# An ONNX file is a protocol buffer: its version first (field 1), then another of its ten fields.
ONNX = re.compile(rb"\x08[\x01-\x20][\x12\x1a\x22\x28\x32\x3a\x42\x72]")
# A LightGBM text file is a list of key=value lines under this one.
LIGHTGBM = re.compile(rb"tree\r?\n[a-z_]+=")

PICKLED_NAMES = {".pkl": "pickle", ".pickle": "pickle", ".joblib": "joblib", ".dill": "dill"}
ZIPPED_NAMES = {".keras": "keras", ".pt": "pytorch", ".pth": "pytorch", ".bin": "pytorch", ".skops": "skops"}


def sniff_format(first_bytes: bytes, filename: str) -> str | None:
    """The format these first bytes (some hundred do) speak for, or None when they speak for none.

    The bytes decide; the name only tells apart what shares them (a pickle called model.joblib) and speaks for
    compressed files, which say nothing themselves.
    """
    suffix = PurePosixPath(filename).suffix.lower()
    if BINARY_PICKLE.match(first_bytes) or TEXT_PICKLE.match(first_bytes):
        return PICKLED_NAMES.get(suffix, "pickle")
    if first_bytes.startswith(b"PK\x03\x04"):
        return ZIPPED_NAMES.get(suffix, "zip")
    if first_bytes.startswith(b"\x89HDF\r\n\x1a\n"):
        return "keras" if suffix in {".keras", ".h5"} else "hdf5"
    if first_bytes.startswith(COMPRESSED) and suffix in PICKLED_NAMES:
        return PICKLED_NAMES[suffix]
    if LIGHTGBM.match(first_bytes):
        return "lightgbm"
    return "onnx" if ONNX.match(first_bytes) else None
