# SPDX-License-Identifier: Apache-2.0
"""Writes HDF5 and Imaris files with h5py, for Weft to read.

usage: write_hdf5.py FOLDER
"""

import json
import os
import sys

import h5py
import numpy as np
from pattern import pattern

folder = sys.argv[1]
TYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]

with h5py.File(os.path.join(folder, "arrays.h5"), "w") as file:
    for seed, dtype in enumerate(TYPES):
        for order in "<>":
            name = f"{'big' if order == '>' else 'little'}/{np.dtype(dtype).name}"
            file.create_dataset(name, data=pattern((19, 33, 40), seed, dtype).astype(order + dtype), chunks=(8, 16, 32), compression="gzip",
                                shuffle=True)
    file.create_dataset("plain", data=pattern((19, 33, 40), 50, "u2"))
    file.create_dataset("lzf", data=pattern((19, 33, 40), 51, "u2"), chunks=(8, 16, 32), compression="lzf")
    file.create_dataset("checked", data=pattern((19, 33, 40), 52, "u2"), chunks=(8, 16, 32), fletcher32=True)
    file.create_dataset("bool", data=pattern((19, 33), 53, "u1") > 100)
    file.create_dataset("half", data=(pattern((19, 33), 53, "u1") / 2).astype("f2"))
    file.create_dataset("text", data="no image")
    file.create_dataset("long", shape=(3, 700, 1600), dtype="u1", fillvalue=7)

with h5py.File(os.path.join(folder, "one.h5"), "w") as file:
    data = file.create_dataset("volumes/raw", data=pattern((19, 33, 40), 60, "u2"), chunks=(8, 16, 32), compression="gzip")
    data.attrs["element_size_um"] = [2.0, 0.5, 0.25]
    file.create_dataset("about/count", data=7)

with h5py.File(os.path.join(folder, "labelled.h5"), "w") as file:
    data = file.create_dataset("exported_data", data=pattern((2, 5, 33, 40, 3), 61, "f4"))
    for axis, label in enumerate("tzyxc"):
        data.dims[axis].label = label
with h5py.File(os.path.join(folder, "tagged.h5"), "w") as file:
    data = file.create_dataset("exported_data", data=pattern((5, 33, 40, 3), 62, "u1"))
    data.attrs["axistags"] = json.dumps({"axes": [{"key": key, "typeFlags": 2, "resolution": 0} for key in "zyxc"]})
    data.attrs["resolution"] = [4.0, 2.0, 1.0]


def characters(text):
    """An attribute as Imaris writes it: a list of single characters."""
    return np.array([c.encode() for c in text], dtype="S1")


with h5py.File(os.path.join(folder, "image.ims"), "w") as file:
    image = file.create_group("DataSetInfo/Image")
    for axis, (lower, upper) in enumerate([(10, 50), (0, 33), (-5, 33)]):
        image.attrs[f"ExtMin{axis}"] = characters(str(lower))
        image.attrs[f"ExtMax{axis}"] = characters(str(upper))
    image.attrs["Unit"] = characters("um")
    for level, size in enumerate([(19, 33, 40), (19, 17, 20)]):
        for time in range(2):
            for channel in range(3):
                group = file.create_group(f"DataSet/ResolutionLevel {level}/TimePoint {time}/Channel {channel}")
                for name, length in zip("ZYX", size):
                    group.attrs[f"ImageSize{name}"] = characters(str(length))
                padded = np.zeros([-(-length // 16) * 16 for length in size], "u2")
                padded[tuple(slice(length) for length in size)] = pattern(size, 100 * level + 10 * time + channel, "u2")
                group.create_dataset("Data", data=padded, chunks=(8, 16, 16), compression="gzip")
