# SPDX-License-Identifier: Apache-2.0
"""merging.py PART FOLDER [SECONDS]: what other programs make of objects that tiles cut. Called by `weft-benchmarks merging`.

FOLDER holds `labels`, a Zarr array of objects, and `tile`, the side of a tile. Parts:

    worker     a program for `weft segment --method command` that takes the image for the labels of its tile
    blocks     cuts the objects into tiles: `blocks`, each with labels 1, 2, … of its own, and `counts.npy`; prints how many objects there are
    cellpose   joins them by the functions of cellpose.contrib.distributed_segmentation
    dask-image joins them by dask_image.ndmeasure.label, whose labelling of a block is replaced by the labels that are there

The last two print seconds, the bytes that the process grew by at the most while it joined and wrote, and the objects that came out. After
SECONDS they are stopped, and tell what was reached.
"""

import gc
import json
import os
import pathlib
import select
import signal
import sys
import time


def status(name, process="self"):
    with open(f"/proc/{process}/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(name + ":"))


def tell(seconds, added, finished=True, **more):
    print(json.dumps({"finished": finished, "seconds": seconds, "bytes": added} | more), flush=True)


class Measure:
    """Seconds and added memory of what is done inside. Its beginning and end are told to who keeps the time."""

    def __init__(self, keeper):
        self.keeper = keeper

    def __enter__(self):
        gc.collect()
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        self.before = status("VmRSS")
        self.began = time.monotonic()
        os.write(self.keeper, b"%d\n" % self.before)
        return self

    def __exit__(self, *error):
        self.seconds, self.bytes = time.monotonic() - self.began, status("VmHWM") - self.before
        os.write(self.keeper, b"done\n")

    def tell(self, **more):
        tell(self.seconds, self.bytes, **more)


MOST = 8 << 30  # bytes


def within(limit, part, folder):
    """Calls a part in a process of its own, which is killed where what it measures takes longer than the limit or adds more memory than
    MOST, whatever it is in."""
    reading, keeper = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        part(folder, keeper)
        sys.stdout.flush()
        os._exit(0)
    os.close(keeper)
    told = os.read(reading, 64)
    began = time.monotonic()
    while told and not select.select([reading], [], [], 1)[0]:
        seconds, added = time.monotonic() - began, status("VmHWM", child) - int(told)
        if seconds > limit or added > MOST:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return tell(seconds, added, finished=False)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def worker():
    import weft_worker

    weft_worker.serve(lambda image, info: image.astype("uint32"))


def blocks(folder):
    import numpy
    import zarr

    labels = zarr.open_array(str(folder / "labels"), mode="r")
    side = int((folder / "tile").read_text())
    target = zarr.create_array(str(folder / "blocks"), shape=labels.shape, chunks=(side, side), dtype="int32", overwrite=True)
    counts, seen = [], []
    for y in range(0, labels.shape[0], side):
        row = labels[y : y + side]
        for x in range(0, labels.shape[1], side):
            names, numbers = numpy.unique(row[:, x : x + side], return_inverse=True)
            numbers = numbers.reshape(row[:, x : x + side].shape) + (names[0] != 0)
            target[y : y + side, x : x + side] = numbers
            counts.append(int(numbers.max()))
            seen.append(names[names > 0])
    numpy.save(folder / "counts.npy", counts)
    print(json.dumps({"objects": len(numpy.unique(numpy.concatenate(seen))), "pieces": sum(counts)}))


def objects(path):
    """How many labels an image holds."""
    import dask.array
    import numpy

    array = dask.array.from_zarr(str(path))
    seen = [numpy.unique(array.blocks[index].compute()) for index in numpy.ndindex(array.numblocks)]
    return int((numpy.unique(numpy.concatenate(seen)) > 0).sum())


def cellpose(folder, keeper):
    import cellpose.contrib.distributed_segmentation as tiled
    import dask
    import dask.array
    import numpy
    import zarr

    source = zarr.open_array(str(folder / "blocks"), mode="r")
    size = source.chunks
    shape = tuple(-(-length // side) for length, side in zip(source.shape, size))
    unstitched = zarr.create_array(
        str(folder / "cellpose-unstitched"), shape=source.shape, chunks=size, dtype="uint32", overwrite=True
    )
    # What its tasks return. The module fails on images of two axes: the faces are those of three equal slices.
    indices, faces, used = [], [], []
    for index in numpy.ndindex(shape):
        crop = tuple(slice(place * side, (place + 1) * side) for place, side in zip(index, size))
        labels, names = tiled.global_segment_ids(source[crop].astype("uint32"), index, shape)
        unstitched[crop] = labels
        indices.append((0, *index))
        faces.append([face.copy() for face in tiled.block_faces(numpy.repeat(labels[None], 3, axis=0))])
        used.append(numpy.array([name for name in names if name], dtype=int))
    used = numpy.concatenate(used)
    out, table = str(folder / "cellpose-labels"), str(folder / "cellpose-table.npy")
    dask.config.set(scheduler="threads", num_workers=2)
    with Measure(keeper) as measure:
        numpy.save(table, tiled.determine_merge_relabeling(indices, faces, used))
        merged = time.monotonic() - measure.began
        array = dask.array.from_zarr(unstitched)
        relabelled = dask.array.map_blocks(lambda block: numpy.load(table)[block], array, dtype=numpy.uint32, chunks=array.chunks)
        dask.array.to_zarr(relabelled, out, overwrite=True)
    measure.tell(merge=merged, objects=objects(out))


def dask_image(folder, keeper):
    import dask
    import dask.array
    import dask_image.ndmeasure
    import numpy
    from dask_image.ndmeasure._utils import _label

    counts = iter(numpy.load(folder / "counts.npy"))

    def labelled(block, structure):
        count = dask.delayed(_label.LABEL_DTYPE.type)(next(counts))
        return block, dask.array.from_delayed(count, shape=(), dtype=_label.LABEL_DTYPE)

    _label.block_ndi_label_delayed = labelled
    out = str(folder / "dask-image-labels")
    dask.config.set(scheduler="threads", num_workers=2)
    with Measure(keeper) as measure:
        relabelled, _ = dask_image.ndmeasure.label(dask.array.from_zarr(str(folder / "blocks")))
        merged = time.monotonic() - measure.began
        dask.array.to_zarr(relabelled, out, overwrite=True)
    measure.tell(merge=merged, objects=objects(out))


def main():
    part = sys.argv[1]
    if part == "worker":
        return worker()
    folder = pathlib.Path(sys.argv[2])
    if part == "blocks":
        return blocks(folder)
    limit = int(sys.argv[3])
    within(limit, {"cellpose": cellpose, "dask-image": dask_image}[part], folder)


main()
