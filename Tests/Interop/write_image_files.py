# SPDX-License-Identifier: Apache-2.0
"""Writes image files with SimpleITK, nibabel and tifffile into a folder, and lists them in manifest.json for Weft to read.

usage: write_image_files.py FOLDER

Geometry in the manifest is z, y, x, LPS.
"""

import gzip
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
manifest = []
NAMES = {"u1": "uint8", "i1": "int8", "u2": "uint16", "i2": "int16", "u4": "uint32", "i4": "int32", "u8": "uint64", "i8": "int64",
         "f4": "float32", "f8": "float64"}


def note(name, shape, seed, dtype, axes, spacing, origin=None, direction=None, unit=None, colour=False):
    """spacing, origin and direction: spatial axes of the file, slowest first."""
    rank = len(spacing)
    manifest.append({
        "name": name, "shape": list(shape), "seed": seed, "type": NAMES[np.dtype(dtype).str[1:]], "axes": axes,
        "spacing": list(spacing), "origin": list(origin if origin is not None else [0] * rank),
        "direction": [[float(v) for v in row] for row in (direction if direction is not None else np.eye(rank))], "unit": unit, "isColour": colour})


def path(name):
    return os.path.join(folder, name)


def rotation(rank):
    if rank == 2:
        c, s = np.cos(0.4), np.sin(0.4)
        return np.array([[c, -s], [s, c]])
    a, b, c = 0.3, -0.5, 1.1
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return x @ y @ z


def with_simpleitk(name, shape, seed, dtype, compress, left_handed=False, components=1):
    rank = len(shape)
    full = shape + ((components,) if components > 1 else ())
    image = sitk.GetImageFromArray(pattern(full, seed, dtype), isVector=components > 1)
    matrix = rotation(rank)
    if left_handed:
        matrix = matrix @ np.diag([1] * (rank - 1) + [-1])
    spacing, origin = [0.5, 0.75, 2.25][:rank], [-12.5, 40.25, 7.125][:rank]
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    image.SetDirection(matrix.flatten().tolist())
    sitk.WriteImage(image, path(name), compress)
    axes = ["z", "y", "x"][3 - rank:] + (["c"] if components > 1 else [])
    note(name, full, seed, dtype, axes, spacing[::-1], origin[::-1], matrix[::-1, ::-1], "millimeter")


shape = (5, 17, 23)
for i, kind in enumerate(NAMES):
    for extension, compress in [("nii", False), ("nii.gz", True), ("nrrd", False), ("mha", False), ("mhd", True)]:
        with_simpleitk(f"itk_{kind}.{extension}", shape, i, kind, compress)
for extension in ["nii.gz", "nrrd", "mha"]:
    with_simpleitk(f"left_{extension}.{extension}", shape, 20, "u2", True, left_handed=True)
    with_simpleitk(f"flat_{extension}.{extension}", shape[1:], 21, "f4", False)
    with_simpleitk(f"vector_{extension}.{extension}", shape, 22, "f4", True, components=3)
with_simpleitk("compressed.nrrd", shape, 23, "i2", True)
with_simpleitk("compressed.mha", shape, 24, "i2", True)

# What nibabel writes: RAS, x first, trailing axes of one voxel, time.
for name, dims, axes in [("singleton.nii", (23, 17, 5, 1), "zyx"), ("flat_padded.nii.gz", (23, 17, 1), "yx"), ("time.nii", (23, 17, 5, 3), "tzyx")]:
    data = pattern(dims[::-1], 30, "i2").transpose()
    nibabel.save(nibabel.Nifti1Image(data, np.diag([2, 3, 4, 1])), path(name))
    count = 2 if axes == "yx" else 3
    kept = [n for n in dims[::-1] if n > 1]
    flip = np.diag([1, -1, -1])[3 - count:, 3 - count:]
    note(name, kept, 30, "i2", list(axes), [4, 3, 2][3 - count:], None, flip, "millimeter")

# PNG and JPEG
sitk.WriteImage(sitk.GetImageFromArray(pattern((17, 23), 40, "u1")), path("grey.png"))
note("grey.png", (17, 23), 40, "u1", ["y", "x"], [1, 1])
sitk.WriteImage(sitk.GetImageFromArray(pattern((17, 23), 41, "u2")), path("grey16.png"))
note("grey16.png", (17, 23), 41, "u2", ["y", "x"], [1, 1])
sitk.WriteImage(sitk.GetImageFromArray(pattern((17, 23, 3), 42, "u1"), isVector=True), path("colour.png"))
note("colour.png", (17, 23, 3), 42, "u1", ["y", "x", "c"], [1, 1], colour=True)

# TIFF
for i, kind in enumerate(NAMES):
    tifffile.imwrite(path(f"plain_{kind}.tif"), pattern(shape, 50 + i, kind), photometric="minisblack")
    note(f"plain_{kind}.tif", shape, 50 + i, kind, ["z", "y", "x"], [1, 1, 1])
for name, options in {
        "tiles": {"tile": (16, 32)}, "big": {"bigtiff": True}, "swapped": {"byteorder": ">"}, "deflate": {"compression": "zlib"},
        "predictor": {"compression": "zlib", "predictor": True}, "lzw": {"compression": "lzw"}, "strips": {"rowsperstrip": 3},
        "tiles_deflate": {"tile": (16, 16), "compression": "zlib", "predictor": True}}.items():
    try:
        tifffile.imwrite(path(f"{name}.tif"), pattern((3, 50, 61), 60, "u2"), photometric="minisblack", **options)
    except Exception as error:  # an optional codec of tifffile is missing
        print("skipped", name, error)
        continue
    note(f"{name}.tif", (3, 50, 61), 60, "u2", ["z", "y", "x"], [1, 1, 1])
tifffile.imwrite(path("picture.tif"), pattern((17, 23), 61, "u1"))
note("picture.tif", (17, 23), 61, "u1", ["y", "x"], [1, 1])
for planar in ["contig", "separate"]:
    data = pattern((17, 23, 3), 62, "u1")
    tifffile.imwrite(path(f"rgb_{planar}.tif"), data if planar == "contig" else np.moveaxis(data, -1, 0), photometric="rgb",
                     planarconfig=planar, rowsperstrip=4)
    note(f"rgb_{planar}.tif", (17, 23, 3), 62, "u1", ["y", "x", "c"], [1, 1], colour=True)
for order in "<>":
    name = f"imagej_{'little' if order == '<' else 'big'}.tif"
    tifffile.imwrite(path(name), pattern((5, 2, 17, 23), 63, "u2"), imagej=True, resolution=(1 / 0.65, 1 / 0.325), byteorder=order,
                     metadata={"axes": "ZCYX", "spacing": 2.5, "unit": "um"})
    note(name, (5, 2, 17, 23), 63, "u2", ["z", "c", "y", "x"], [2.5, 0.325, 0.65], unit="micrometer")
tifffile.imwrite(path("axes.tif"), pattern((2, 5, 17, 23), 64, "f4"), photometric="minisblack", metadata={"axes": "CZYX"})
note("axes.tif", (2, 5, 17, 23), 64, "f4", ["c", "z", "y", "x"], [1, 1, 1])
tifffile.imwrite(path("ome.ome.tif"), pattern((2, 5, 17, 23), 65, "u2"), photometric="minisblack", metadata={
    "axes": "CZYX", "PhysicalSizeX": 0.65, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 325, "PhysicalSizeYUnit": "nm",
    "PhysicalSizeZ": 2.5, "PhysicalSizeZUnit": "µm"})
note("ome.ome.tif", (2, 5, 17, 23), 65, "u2", ["c", "z", "y", "x"], [2.5, 0.325, 0.65], unit="micrometer")

# ImageJ's way with stacks beyond 4 GB: one page, the other planes behind it.
with tifffile.TiffWriter(path("one_page.tif"), byteorder=">") as writer:
    data = pattern((4, 17, 23), 66, "u2")
    writer.write(data[0], photometric="minisblack", description="ImageJ=1.53t\nimages=4\nslices=4\nspacing=3.0\nunit=mm\n",
                 metadata=None, resolution=(4, 4), rowsperstrip=17)
with open(path("one_page.tif"), "r+b") as file:
    with tifffile.TiffFile(path("one_page.tif")) as tiff:
        start = tiff.pages[0].dataoffsets[0]
    file.seek(0, 2)
    end = file.tell()
    # The directory lies behind the plane: move the planes to the end of the file.
    tags = {tag.name: tag for tag in tifffile.TiffFile(path("one_page.tif")).pages[0].tags.values()}
    file.seek(end)
    file.write(data.astype(">u2").tobytes())
    file.seek(tags["StripOffsets"].valueoffset)
    file.write(int(end).to_bytes(4, "big"))
note("one_page.tif", (4, 17, 23), 66, "u2", ["z", "y", "x"], [3, 0.25, 0.25], unit="millimeter")

# Whole numbers that the header scales: values as nibabel has them.
stored = (np.arange(7 * 9 * 11).reshape(11, 9, 7) * 37 % 2001 - 1000).astype("i2")
nibabel.save(nibabel.Nifti1Image(stored, np.eye(4)), path("scaled.nii"))
with open(path("scaled.nii"), "r+b") as file:
    file.seek(112)
    file.write(np.array([0.3, -7.25], "<f4").tobytes())
with open(path("scaled.nii"), "rb") as plain, gzip.open(path("scaled.nii.gz"), "wb") as packed:
    packed.write(plain.read())
nibabel.load(path("scaled.nii.gz")).get_fdata().transpose().astype("<f8").tofile(path("scaled.raw"))

json.dump(manifest, open(path("manifest.json"), "w"))
