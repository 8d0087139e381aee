# SPDX-License-Identifier: Apache-2.0
"""zarr-python 2, beside which zarr-python 3 cannot be installed.

usage: zarr2.py write FOLDER                  arrays of every codec, order and separator, listed in manifest.json for Weft to read
       zarr2.py read FOLDER                   compares the arrays that Weft wrote, listed in manifest.json, voxel by voxel
       zarr2.py pair FIXED MOVING FOLDER      the finest levels of two OME-Zarr 0.4 images as N5 with gzip in blocks of 70×128×128
                                              (z, y, x), and as plain Zarr, little and big-endian
"""

import json
import os
import sys

import numcodecs
import numpy as np
import zarr
from pattern import pattern

assert zarr.__version__.startswith("2."), zarr.__version__
SHAPE, CHUNKS = (19, 33, 40), (8, 16, 32)


def write(folder):
    manifest = []

    def add(name, dtype, **options):
        seed = 6000 + len(manifest)
        array = zarr.open_array(os.path.join(folder, name), mode="w", shape=SHAPE, chunks=CHUNKS, dtype=dtype, **options)
        array[...] = pattern(SHAPE, seed, np.dtype(dtype).str[1:])
        manifest.append({"name": name, "shape": SHAPE, "seed": seed, "type": np.dtype(dtype).name})

    codecs = {"raw": None, "zlib": numcodecs.Zlib(3), "gzip": numcodecs.GZip(3), "zstd": numcodecs.Zstd(3), "lz4": numcodecs.LZ4(),
              "bz2": numcodecs.BZ2(3)}
    for name in ["blosclz", "lz4", "lz4hc", "zlib", "zstd"]:
        codecs["blosc_" + name] = numcodecs.Blosc(cname=name, clevel=5, shuffle=numcodecs.Blosc.AUTOSHUFFLE)
    for name, codec in codecs.items():
        add(name, "<u2", compressor=codec)
    for dtype in ["u1", "i1", "<u2", ">u2", "<i2", ">i2", "<u4", ">u4", "<i8", ">i8", "<f4", ">f4", "<f8", ">f8"]:
        add(f"{np.dtype(dtype).name}_{'big' if dtype[0] == '>' else 'little'}", dtype, order="F", dimension_separator="/")
    # Chunks of nothing but the fill value are not stored.
    array = zarr.open_array(os.path.join(folder, "sparse"), mode="w", shape=(20, 20), chunks=(10, 10), dtype="u1", fill_value=7,
                            write_empty_chunks=False)
    assert array.nchunks_initialized == 0
    json.dump(manifest, open(os.path.join(folder, "manifest.json"), "w"))


def read(folder):
    wrong = 0
    manifest = json.load(open(os.path.join(folder, "manifest.json")))
    for entry in manifest:
        found = zarr.open_array(os.path.join(folder, entry["name"]), mode="r")[...]
        if found.dtype.newbyteorder("=") != np.dtype(entry["type"]) or not np.array_equal(found, pattern(found.shape, entry["seed"], entry["type"])):
            wrong += 1
            print(f"{entry['name']}: {found.dtype} {found.shape} is not what was written")
    sys.exit(1 if wrong else 0)


def pair(fixed, moving, folder):
    store = zarr.N5Store(os.path.join(folder, "pair.n5"))
    root = zarr.group(store)
    for name, path in [("fixed", fixed), ("moving", moving)]:
        voxels = zarr.open_array(os.path.join(path, "0"), mode="r")[...]
        scale = json.load(open(os.path.join(path, ".zattrs")))["multiscales"][0]["datasets"][0]["coordinateTransformations"][0]["scale"]
        data = root.create_dataset(name, data=voxels, chunks=(70, 128, 128), compressor=numcodecs.GZip(6))
        data.attrs["pixelResolution"] = {"dimensions": scale[::-1], "unit": "um"}
        for order in ["little", "big"]:
            stored = voxels.astype("<u2" if order == "little" else ">u2")
            zarr.save_array(os.path.join(folder, order, name + ".zarr"), stored, chunks=(32, 64, 64), compressor=numcodecs.Zlib(1))


{"write": write, "read": read, "pair": pair}[sys.argv[1]](*sys.argv[2:])
