# SPDX-License-Identifier: Apache-2.0
"""pyramid.py PART …: what other programs take to make a pyramid of five levels. Called by `weft-benchmarks pyramid`.

    make PEER ARRAY OUT CHUNK    reads a Zarr array and writes OUT, levels of means in chunks of CHUNK³; prints seconds and peak bytes
    check ARRAY IMAGE            compares each level of IMAGE with the rule of `mean` on the one before; prints how many voxels differ

Peers: ngff-zarr (its default method, bins by itkwasm), dask (`coarsen` by the mean, each level from the stored one before). Both write the
first level, too. The rule: the mean of the 2 voxels an axis that a voxel covers, rounded half up; the last ones average what is there.
"""

import json
import pathlib
import resource
import sys
import time

LEVELS = 5


def ngff_zarr(array, out, chunk):
    import dask.array
    import ngff_zarr

    data = dask.array.from_zarr(str(array))
    image = ngff_zarr.to_ngff_image(data, dims=["z", "y", "x"])
    levels = ngff_zarr.to_multiscales(image, scale_factors=[2**level for level in range(1, LEVELS)], chunks=chunk)
    ngff_zarr.to_ngff_zarr(str(out), levels, version="0.5")


def dask_coarsen(array, out, chunk):
    import dask.array
    import numpy
    import zarr

    zarr.open_group(str(out), mode="w")
    data = dask.array.from_zarr(str(array))
    for level in range(LEVELS):
        target = zarr.create_array(
            str(out / str(level)), shape=data.shape, chunks=tuple(min(chunk, length) for length in data.shape), dtype=data.dtype
        )
        dask.array.store(data, target, lock=False)
        stored = dask.array.from_zarr(str(out / str(level)))
        data = dask.array.coarsen(numpy.mean, stored, {0: 2, 1: 2, 2: 2}, trim_excess=True).round().astype(stored.dtype)


def halved(voxels):
    """By the rule, of whole numbers."""
    import numpy

    total, count = voxels.astype("uint64"), numpy.ones((1, 1, 1), "uint64")
    for axis in range(3):
        length = voxels.shape[axis]
        places = numpy.arange(0, length, 2)
        total = numpy.add.reduceat(total, places, axis=axis)
        counts = numpy.add.reduceat(numpy.ones(length, "uint64"), places)
        count = count * counts.reshape([-1 if other == axis else 1 for other in range(3)])
    return ((2 * total + count) // (2 * count)).astype(voxels.dtype)


def check(array, image):
    import zarr

    finer, different = zarr.open_array(str(array), mode="r"), 0
    levels = sorted((path for path in image.iterdir() if path.name.isdigit()), key=lambda path: int(path.name))
    for number, path in enumerate(levels):
        level = zarr.open_array(str(path), mode="r")
        for first in range(0, level.shape[0], 32):
            expected = finer[first : first + 32] if number == 0 else halved(finer[2 * first : 2 * first + 64])
            different += int((level[first : first + 32] != expected).sum())
        finer = level
    print(json.dumps({"levels": len(levels), "different": different}))


def main():
    if sys.argv[1] == "check":
        return check(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
    peer, array, out, chunk = sys.argv[2], pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4]), int(sys.argv[5])
    began = time.monotonic()
    {"ngff-zarr": ngff_zarr, "dask": dask_coarsen}[peer](array, out, chunk)
    seconds = time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "bytes": peak}))


if __name__ == "__main__":
    main()
