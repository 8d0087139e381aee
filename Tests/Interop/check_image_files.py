# SPDX-License-Identifier: Apache-2.0
"""Reads with SimpleITK, nibabel and tifffile what Weft wrote into a folder, and compares it with manifest.json there.

usage: check_image_files.py FOLDER

Geometry in the manifest is z, y, x, LPS, in the unit of the file.
"""

import json
import os
import sys
import warnings

import nibabel
import numpy as np
import SimpleITK as sitk
import tifffile
from pattern import pattern

warnings.simplefilter("ignore")
folder = sys.argv[1]


def check_tiff(path, entry, expected):
    with tifffile.TiffFile(path) as tiff:
        assert tiff.is_imagej, "not ImageJ's"
        data = tiff.asarray()
        page = tiff.pages[0]
        x = page.tags["XResolution"].value
        assert abs(x[1] / x[0] - entry["spacing"][-1]) < 1e-6, x
        y = page.tags["YResolution"].value
        assert abs(y[1] / y[0] - entry["spacing"][-2]) < 1e-6, y
        if len(entry["spacing"]) == 3:
            assert tiff.imagej_metadata["spacing"] == entry["spacing"][0], tiff.imagej_metadata
        assert tiff.imagej_metadata["unit"] == "micron", tiff.imagej_metadata
    np.testing.assert_array_equal(np.squeeze(data), np.squeeze(expected))
    assert data.dtype == expected.dtype


def check_geometry(entry, spacing, origin, direction):
    np.testing.assert_allclose(np.array(spacing)[::-1], entry["spacing"], rtol=1e-6)
    np.testing.assert_allclose(np.array(origin)[::-1], entry["origin"], rtol=1e-6, atol=1e-7)
    rank = len(entry["spacing"])
    np.testing.assert_allclose(np.array(direction).reshape(rank, rank)[::-1, ::-1], entry["direction"], atol=1e-6)


def check_itk(path, entry, expected):
    image = sitk.ReadImage(path)
    data = sitk.GetArrayFromImage(image)
    np.testing.assert_array_equal(data, expected)
    assert data.dtype == expected.dtype, data.dtype
    check_geometry(entry, image.GetSpacing(), image.GetOrigin(), image.GetDirection())


def check_nibabel(path, entry, expected):
    image = nibabel.load(path)
    np.testing.assert_array_equal(np.asanyarray(image.dataobj).transpose(), expected)
    rank = len(entry["spacing"])
    flip = np.array([-1, -1, 1])[:rank]
    matrix = np.array(entry["direction"])[::-1, ::-1] * np.array(entry["spacing"])[::-1] * flip[:, None]
    for affine in [image.get_sform(), image.get_qform()]:
        np.testing.assert_allclose(affine[:rank, :rank], matrix, atol=1e-6)
        np.testing.assert_allclose(affine[:rank, 3], np.array(entry["origin"])[::-1] * flip, atol=1e-7)
    assert image.header.get_xyzt_units()[0] == "mm"


def check_times(path, expected):
    """expected: t, z, c, y, x, as ImageJ has them."""
    if path.endswith(".tif"):
        with tifffile.TiffFile(path) as tiff:
            assert tiff.series[0].axes == "TZCYX", tiff.series[0].axes
            np.testing.assert_array_equal(tiff.asarray(), expected)
        return
    np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(path)), expected.transpose(0, 1, 3, 4, 2))
    if not path.endswith(".nrrd"):
        np.testing.assert_array_equal(np.asanyarray(nibabel.load(path).dataobj).transpose(), expected.transpose(2, 0, 1, 3, 4))


for entry in json.load(open(os.path.join(folder, "manifest.json"))):
    path = os.path.join(folder, entry["name"])
    expected = pattern(tuple(entry["shape"]), entry["seed"], entry["type"])
    try:
        if len(entry["shape"]) == 5:
            check_times(path, expected)
        elif path.endswith(".tif"):
            check_tiff(path, entry, expected)
        else:
            check_itk(path, entry, expected)
            if not path.endswith(".nrrd"):
                check_nibabel(path, entry, expected)
    except Exception as error:
        print(f"{entry['name']}: {error}")
        sys.exit(1)
