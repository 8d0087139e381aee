# SPDX-License-Identifier: Apache-2.0
"""Reads the arrays that Weft wrote with zarr-python and tensorstore, and compares every voxel.

usage: read_arrays.py FOLDER      (FOLDER/manifest.json lists name, shape, seed, type, format of each array)
"""

import json
import os
import sys
import warnings

import numpy as np
import tensorstore as ts
import zarr
from pattern import pattern

warnings.simplefilter("ignore")
folder = sys.argv[1]
failures = 0
with open(os.path.join(folder, "manifest.json")) as file:
    manifest = json.load(file)


def check(name, reader, found, expected):
    global failures
    if found.dtype.newbyteorder("=") != expected.dtype or not np.array_equal(found, expected):
        failures += 1
        print(f"{name}: {reader} reads {found.dtype} {found.shape}, which is not what was written")


for entry in manifest:
    path = os.path.join(folder, entry["name"])
    expected = pattern(entry["shape"], entry["seed"], entry["type"])
    try:
        check(entry["name"], "zarr-python", zarr.open_array(path, mode="r")[...], expected)
    except Exception as error:
        failures += 1
        print(f"{entry['name']}: zarr-python: {error!r}")
    if "numcodecs" in entry["name"] or entry["name"].endswith("_lz4"):
        continue  # tensorstore knows only the registered codecs.
    try:
        driver = "zarr" if entry["format"] == 2 else "zarr3"
        store = ts.open({"driver": driver, "kvstore": {"driver": "file", "path": path}}, read=True, open=True).result()
        check(entry["name"], "tensorstore", np.asarray(store.read().result()), expected)
    except Exception as error:
        failures += 1
        print(f"{entry['name']}: tensorstore: {error!r}")
print(f"{len(manifest)} arrays read, {failures} failures")
sys.exit(1 if failures else 0)
