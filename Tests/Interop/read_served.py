# SPDX-License-Identifier: Apache-2.0
"""Reads an OME-Zarr image from a server and from the disk, by tensorstore and by zarr-python.

usage: read_served.py ADDRESS FOLDER

Prints a line a reader: its name, and whether the bytes are the same.
"""

import importlib.util
import json
import sys
import urllib.request

import numpy as np
import tensorstore as ts
import zarr

address, folder = sys.argv[1].rstrip("/"), sys.argv[2]
with urllib.request.urlopen(address + "/zarr.json") as answer:
    ome = json.load(answer)["attributes"]["ome"]
level = ome["multiscales"][0]["datasets"][0]["path"]
truth = zarr.open_array(f"{folder}/{level}", mode="r")[:]
assert truth.any()

served = ts.open({"driver": "zarr3", "kvstore": f"{address}/{level}/"}, open=True, read=True).result()
print("tensorstore", np.array_equal(served.read().result(), truth))

if importlib.util.find_spec("aiohttp"):
    group = zarr.open_group(address, mode="r")
    print("zarr-python", np.array_equal(group[level][:], truth))
    part = tuple(slice(n // 3, n // 2) for n in truth.shape)
    print("zarr-python part", np.array_equal(group[level][part], truth[part]))
