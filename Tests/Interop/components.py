# SPDX-License-Identifier: Apache-2.0
"""Writes images of noise, and compares labels of them with scipy's of the whole arrays.

usage: components.py write FOLDER
       components.py check FOLDER        every labels-NAME-*.ome.zarr, of the image NAME.zarr above its threshold
       components.py write-grid FOLDER   grid.zarr, an image of 44,000 tiles of 2 voxels
       components.py check-grid FOLDER   labels-grid-2.ome.zarr, of what of it is above its threshold
"""

import glob
import os
import sys

import numpy as np
import scipy.ndimage
import zarr

task, folder = sys.argv[1:]
IMAGES = {"yx": ((173, 211), 400), "zyx": ((23, 47, 59), 650), "cyx": ((2, 101, 127), 800)}
if task.endswith("-grid"):
    IMAGES = {"grid": ((4400, 40), 600)}

if task.startswith("write"):
    random = np.random.default_rng(1)
    for name, (shape, _) in IMAGES.items():
        array = zarr.create_array(f"{folder}/{name}.zarr", shape=shape, chunks=tuple(max(1, n // 3) for n in shape), dtype="uint16")
        array[:] = random.integers(0, 1000, shape)
else:
    for name, (_, threshold) in IMAGES.items():
        mask = zarr.open(f"{folder}/{name}.zarr")[:] > threshold
        truth, count = scipy.ndimage.label(mask.any(0) if name == "cyx" else mask)
        paths = sorted(glob.glob(f"{folder}/labels-{name}-*.ome.zarr"))
        assert len(paths) == (1 if name == "grid" else 10), paths
        for path in paths:
            labels = zarr.open(path)["0"][:]
            assert labels.shape == truth.shape, (path, labels.shape)
            pairs = np.unique(np.stack([truth.ravel(), labels.ravel()]), axis=1)
            assert pairs.shape[1] == count + 1 and labels.max() == count, (path, pairs.shape[1], count)
        print(f"{name}: {count} components, the same in {len(paths)} tilings")
