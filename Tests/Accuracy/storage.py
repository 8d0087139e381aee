# SPDX-License-Identifier: Apache-2.0
"""storage.py PART …: what other programs take to read and write Zarr. Called by `weft-benchmarks storage`.

    source FILE SIDE [DATA]        makes SIDE³ voxels of uint16: real ones side by side where the folder DATA has some, else blurred noise
    read PEER ARRAY SHAPE          prints the seconds of reading an array whole, box by box
    write PEER ARRAY SHAPE FILE    prints the seconds of writing it, with the voxels of FILE

SHAPE is that of the boxes, as 512,512,512. Boxes of a multiple of what one file holds; each program has as many threads as it takes by
itself. Peers: tensorstore, zarr-python, zarrs.
"""

import itertools
import pathlib
import sys
import time

import numpy


def source(path, side, data=None):
    crop = pathlib.Path(data or "/nowhere") / "easifish" / "highres_crop.nii.gz"
    if crop.exists():
        import nibabel

        tile = numpy.asarray(nibabel.load(crop).dataobj).T
        tile = numpy.clip(tile, 0, 65535).astype("uint16")
    else:
        import scipy.ndimage

        noise = numpy.random.default_rng(1)
        smooth = scipy.ndimage.gaussian_filter(noise.standard_normal((128, 128, 128)), 3)
        tile = noise.poisson(200 + 4000 * numpy.clip(smooth * 20, 0, 1)).astype("uint16")
    voxels = numpy.lib.format.open_memmap(path, "w+", "uint16", (side, side, side))
    for lower in itertools.product(*(range(0, side, length) for length in tile.shape)):
        box = tuple(slice(low, min(low + length, side)) for low, length in zip(lower, tile.shape))
        voxels[box] = tile[tuple(slice(0, part.stop - part.start) for part in box)]
    voxels.flush()


def array(peer, path):
    if peer == "tensorstore":
        import tensorstore

        return tensorstore.open({"driver": "zarr3", "kvstore": {"driver": "file", "path": path}}).result()
    import zarr

    if peer == "zarrs":
        import zarrs  # noqa: F401

        zarr.config.set({"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"})
    return zarr.open_array(path, mode="r+")


def boxes(shape, size):
    for lower in itertools.product(*(range(0, length, step) for length, step in zip(shape, size))):
        yield tuple(slice(low, min(low + step, length)) for low, step, length in zip(lower, size, shape))


def main():
    part = sys.argv[1]
    if part == "source":
        return source(sys.argv[2], int(sys.argv[3]), *sys.argv[4:])
    peer, path, size = sys.argv[2], sys.argv[3], [int(length) for length in sys.argv[4].split(",")]
    opened = array(peer, path)
    isStore = peer == "tensorstore"
    if part == "read":
        began = time.monotonic()
        for box in boxes(opened.shape, size):
            opened[box].read().result() if isStore else opened[box]
    else:
        voxels = numpy.load(sys.argv[5], mmap_mode="r")
        # In memory before the clock starts.
        voxels[::64].max()
        began = time.monotonic()
        for box in boxes(opened.shape, size):
            if isStore:
                opened[box].write(voxels[box]).result()
            else:
                opened[box] = voxels[box]
    print(time.monotonic() - began)


main()
