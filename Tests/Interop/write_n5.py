# SPDX-License-Identifier: Apache-2.0
"""Writes N5 datasets with tensorstore, and lists them in manifest.json for Weft to read.

usage: write_n5.py FOLDER
"""

import json
import os
import sys

import numpy as np
import tensorstore as ts
from pattern import pattern

folder = sys.argv[1]
manifest = []


def write(name, shape, block, dtype, seed, compression):
    """`shape` and `block` slowest first; N5 has them the other way round."""
    metadata = {"dimensions": list(reversed(shape)), "blockSize": list(reversed(block)), "dataType": np.dtype(dtype).name,
                "compression": compression}
    spec = {"driver": "n5", "kvstore": {"driver": "file", "path": os.path.join(folder, name)}, "metadata": metadata}
    store = ts.open(spec, create=True).result()
    values = pattern(shape, seed, dtype)
    store[...] = values.transpose()
    manifest.append({"name": name, "shape": list(shape), "seed": seed, "type": np.dtype(dtype).name})


seed = 0
for dtype in ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]:
    seed += 1
    write(f"n5_{dtype}", (19, 33, 40), (8, 16, 32), dtype, seed, {"type": "gzip", "level": 3})
for name, compression in {
    "raw": {"type": "raw"}, "zlib": {"type": "gzip", "useZlib": True}, "bzip2": {"type": "bzip2", "blockSize": 5},
    "blosc": {"type": "blosc", "cname": "zstd", "clevel": 5, "shuffle": 1}, "zstd": {"type": "zstd", "level": 3},
}.items():
    seed += 1
    write(f"n5_{name}", (19, 33, 40), (8, 16, 32), "u2", seed, compression)
for rank in range(1, 6):
    seed += 1
    write(f"n5_rank{rank}", (7, 5, 9, 3, 6)[:rank], (3, 2, 4, 3, 4)[:rank], "i2", seed, {"type": "raw"})
with open(os.path.join(folder, "manifest.json"), "w") as file:
    json.dump(manifest, file)
print(f"{len(manifest)} datasets written")
