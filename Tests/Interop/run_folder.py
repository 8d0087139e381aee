# SPDX-License-Identifier: Apache-2.0
"""Reads what a registration wrote with other programs.

usage: run_folder.py open FOLDER                              the images, with zarr-python, tensorstore and ome-zarr; expected.json says
                                                              what they hold
       run_folder.py resample MOVING REGISTERED TRANSFORMS    resamples the moving image with antspyx and compares
"""

import json
import os
import sys
import warnings

import numpy as np

warnings.simplefilter("ignore")


def check(path, expected):
    import tensorstore as ts
    import zarr
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader

    nodes = list(Reader(parse_url(path, mode="r"))())
    with_ome = np.asarray(nodes[0].data[0])
    with_zarr = zarr.open_group(path, mode="r")["0"][...]
    driver = "zarr3" if os.path.exists(os.path.join(path, "0", "zarr.json")) else "zarr"
    with_tensorstore = ts.open({"driver": driver, "kvstore": {"driver": "file", "path": os.path.join(path, "0")}}).result().read().result()
    attributes = dict(zarr.open_group(path, mode="r").attrs)
    version = attributes["ome"]["version"] if "ome" in attributes else attributes["multiscales"][0]["version"]
    for voxels in (with_ome, with_zarr, with_tensorstore):
        assert list(voxels.shape) == expected["shape"], (path, voxels.shape, expected)
        assert str(voxels.dtype) == expected["dtype"], (path, voxels.dtype)
        total = voxels.astype(np.float64).sum()
        assert abs(total - expected["sum"]) <= 1e-6 * np.abs(voxels.astype(np.float64)).sum(), (path, total, expected["sum"])
    assert version == expected.get("version", version), (path, version)


def open_all(folder):
    expected = json.load(open(os.path.join(folder, "expected.json")))
    check(os.path.join(folder, "registered.ome.zarr"), expected["registered"])
    check(os.path.join(folder, "transforms", "field.ome.zarr"), expected["field"])


def resample(moving, registered, transforms):
    import ants

    # ANTs lists what happens to a fixed point first to last: the warp, then the affine map.
    files = [os.path.join(transforms, name) for name in ("coarse_warp.nii.gz", "affine.mat")]
    ours = ants.image_read(registered)
    theirs = ants.apply_transforms(ours, ants.image_read(moving), files, interpolator="linear")
    swapped = ants.apply_transforms(ours, ants.image_read(moving), files[::-1], interpolator="linear")
    inner = (slice(4, -4),) * 3
    a, b, c = (image.numpy()[inner] for image in (ours, theirs, swapped))
    both = (a > 500) & (b > 500)
    assert both.mean() > 0.4, both.mean()
    worst, wrong = np.abs(a - b)[both].max(), np.abs(a - c)[both].mean()
    print("largest difference", worst, "in the other order", wrong)
    assert worst < 1 and wrong > 20, (worst, wrong)


{"open": open_all, "resample": resample}[sys.argv[1]](*sys.argv[2:])
