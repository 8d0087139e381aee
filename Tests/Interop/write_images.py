# SPDX-License-Identifier: Apache-2.0
"""Writes OME-Zarr images with ome-zarr into a folder, for Weft to read.

usage: write_images.py FOLDER
"""

import os
import sys
import warnings

import numpy as np
import zarr
from ome_zarr.format import FormatV04, FormatV05
from ome_zarr.writer import write_multiscale
from pattern import pattern

warnings.simplefilter("ignore")
folder = sys.argv[1]


def mean(voxels):
    z, y, x = (n // 2 for n in voxels.shape[-3:])
    halves = voxels[..., :2 * z, :2 * y, :2 * x].astype(float)
    return halves.reshape(*voxels.shape[:-3], z, 2, y, 2, x, 2).mean((-5, -3, -1)).astype(voxels.dtype)


for name, form in {"v04": FormatV04(), "v05": FormatV05()}.items():
    group = zarr.open_group(os.path.join(folder, name + ".ome.zarr"), mode="w", zarr_format=form.zarr_format)
    finest = pattern((2, 20, 40, 60), 7, "u2")
    levels = [finest, mean(finest)]
    axes = [{"name": "c", "type": "channel"}] + [{"name": n, "type": "space", "unit": "micrometer"} for n in "zyx"]
    transformations = [
        [{"type": "scale", "scale": [1.0, 2.0, 0.5, 0.5]}, {"type": "translation", "translation": [0.0, 10.0, 20.0, 30.0]}],
        [{"type": "scale", "scale": [1.0, 4.0, 1.0, 1.0]}, {"type": "translation", "translation": [0.0, 11.0, 20.25, 30.25]}],
    ]
    write_multiscale(levels, group, fmt=form, axes=axes, coordinate_transformations=transformations, name="image",
                     storage_options={"chunks": (1, 8, 16, 32)})
    np.save(os.path.join(folder, name + "_level1.npy"), levels[1])
print("2 images written")
