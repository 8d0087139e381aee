# SPDX-License-Identifier: Apache-2.0
"""Reads the images that Weft wrote with ome-zarr, zarr-python and tensorstore, and compares every level with means made by numpy.

usage: read_images.py FOLDER      (the images are FOLDER/*.ome.zarr; level 0 holds the pattern of seed 7)
"""

import glob
import os
import sys
import warnings

import numpy as np
import tensorstore as ts
import zarr
from ome_zarr.io import parse_url
from ome_zarr.reader import Reader
from pattern import pattern

warnings.simplefilter("ignore")
folder = sys.argv[1]
failures = 0


def fail(path, message):
    global failures
    failures += 1
    print(f"{os.path.basename(path)}: {message}")


def mean(voxels, factors):
    """The mean over blocks, rounded half up in whole numbers; the last blocks average what is there."""
    total, count = voxels.astype(np.float64), np.ones(voxels.shape)
    for axis, factor in enumerate(factors):
        starts = np.arange(0, voxels.shape[axis], factor)
        total, count = np.add.reduceat(total, starts, axis), np.add.reduceat(count, starts, axis)
    result = total / count
    return (np.floor(result + 0.5) if voxels.dtype.kind != "f" else result).astype(voxels.dtype)


def multiscale(path):
    attributes = dict(zarr.open_group(path, mode="r").attrs)
    return attributes.get("ome", attributes)["multiscales"][0]


def validate(path):
    """Against the models of the specification, where they are installed."""
    try:
        import ome_zarr_models
    except ImportError:
        return
    group = zarr.open_group(path, mode="r")
    try:
        ome_zarr_models.open_ome_zarr(group)
    except Exception as error:
        fail(path, f"ome-zarr-models: {error!r}")


paths = sorted(glob.glob(os.path.join(folder, "*.ome.zarr")))
for path in paths:
    nodes = list(Reader(parse_url(path, mode="r"))())
    if not nodes:
        fail(path, "ome-zarr finds no image")
        continue
    levels = [np.asarray(level) for level in nodes[0].data]
    description = multiscale(path)
    if not np.array_equal(levels[0], pattern(levels[0].shape, 7, levels[0].dtype)):
        fail(path, "level 0 is not what was written")
    scales = [dataset["coordinateTransformations"][0]["scale"] for dataset in description["datasets"]]
    translations = [dataset["coordinateTransformations"][1]["translation"] for dataset in description["datasets"]]
    for index in range(1, len(levels)):
        factors = [round(coarse / fine) for coarse, fine in zip(scales[index], scales[index - 1])]
        if not np.array_equal(levels[index], mean(levels[index - 1], factors)):
            fail(path, f"level {index} is not the mean of level {index - 1} by {factors}")
        for axis in range(len(factors)):
            expected = translations[0][axis] + (scales[index][axis] - scales[0][axis]) / 2
            if abs(translations[index][axis] - expected) > 1e-9:
                fail(path, f"level {index} is not where the half-pixel rule puts it: {translations[index]}")
    form = zarr.open_group(path, mode="r").metadata.zarr_format
    for index, dataset in enumerate(description["datasets"]):
        spec = {"driver": "zarr" if form == 2 else "zarr3", "kvstore": {"driver": "file", "path": os.path.join(path, dataset["path"])}}
        if not np.array_equal(np.asarray(ts.open(spec, read=True, open=True).result().read().result()), levels[index]):
            fail(path, f"tensorstore reads level {index} differently")
        names = zarr.open_array(os.path.join(path, dataset["path"]), mode="r").metadata
        if form == 3 and list(names.dimension_names or []) != [axis["name"] for axis in description["axes"]]:
            fail(path, f"dimension_names are {names.dimension_names}")
    validate(path)
print(f"{len(paths)} images read, {failures} failures")
sys.exit(1 if failures or not paths else 0)
