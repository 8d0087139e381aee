# SPDX-License-Identifier: Apache-2.0
"""Training patches, and what a network makes of them put back together."""

import ctypes
import json
import os
import warnings

import numpy

from ._library import Handle, call, function, pointer, text, told


class _Numbers:
    """Numbers of a batch, which is kept as long as an array looks at them."""

    def __init__(self, batch, address, shape):
        self.batch = batch
        self.__array_interface__ = {"data": (address, False), "shape": tuple(shape), "typestr": "<f4", "version": 3}


class Batch(dict):
    """Arrays by name, each patches, channels, z, y, x of float32, in the loader's memory: nothing is copied. Their memory is used again once nobody looks
    at them."""

    #: Where each patch is from: `image`, `center` (z, y, x), `number` of the draw, and the class that it was `drawn_for`.
    origins = ()


def _json(value):
    """Numbers and arrays of NumPy, and paths, are as welcome as Python's."""
    return json.dumps(value, default=lambda other: other.tolist() if isinstance(other, (numpy.ndarray, numpy.generic)) else os.fspath(other)).encode()


class PatchLoader:
    """Batches of patches, read ahead by threads of Weft's.

    :param specification: the path of a JSON file, or a dictionary (docs: Docs/Guides/patches.md).
    :param folder: what paths in a dictionary are taken from.
    :param seed: in place of the specification's.
    :param share: (number, count): of all batches those of one of `count` processes.
    """

    def __init__(self, specification, folder=None, seed=None, share=None):
        address, told_warnings = pointer(), pointer()
        if isinstance(specification, dict):
            words = _json(specification), os.fsencode(folder or os.getcwd())
        else:
            words = os.fsencode(specification), None
        number, count = share or (-1, -1)
        call(
            "weft_loader_open", *words, *(ctypes.c_int64(-1 if value is None else value) for value in (seed, number, count)),
            ctypes.byref(address), ctypes.byref(told_warnings),
        )
        for line in (text(told_warnings.value) or "").splitlines():
            warnings.warn(line, stacklevel=2)
        self._handle = Handle(address.value)
        self._arrays = json.loads(told("weft_loader_arrays", self._handle))

    @property
    def shapes(self):
        """The shape of each array of a batch, by name."""
        return {array["name"]: tuple(array["shape"]) for array in self._arrays}

    def __iter__(self):
        return self

    def __next__(self):
        address = pointer()
        call("weft_loader_next", self._handle, ctypes.byref(address))
        if not address.value:
            raise StopIteration
        loader = self._handle
        held = Handle(address.value, lambda batch: function("weft_batch_release", None)(loader, pointer(batch)))
        numbers = function("weft_batch_numbers")
        batch = Batch()
        batch.origins = json.loads(told("weft_batch_origins", loader, held))
        for place, array in enumerate(self._arrays):
            # The last batch may have fewer.
            shape = [len(batch.origins), *array["shape"][1:]]
            batch[array["name"]] = numpy.asarray(_Numbers(held, numbers(held, ctypes.c_ssize_t(place)), shape))
        return batch

    @property
    def statistics(self):
        """What was done so far: `patches`, `seconds`, `waited`, and `hits` and `misses` of decoded chunks."""
        return json.loads(told("weft_loader_statistics", self._handle))

    def close(self):
        """Ends the threads."""
        function("weft_loader_end", None)(self._handle)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class PredictionWriter:
    """Puts predictions back together, blended where patches overlap: FOLDER/CLASS.ome.zarr.

    with weft.PredictionWriter("out", ["nucleus"], like=image, patch=(64, 64, 64)) as writer:
        for number, box in enumerate(writer.boxes):          # tuples of slices of the image
            writer.write(number, network(voxels[box]))        # classes, z, y, x
    """

    def __init__(self, folder, classes, like=None, patch=None, overlap=None, shape=None, spacing=None, origin=None, unit=None, dtype="float32", memory=1 << 30):
        if like is not None:
            level = like.levels[0]
            shape, spacing, origin, unit = level["shape"], level["spacing"], level["origin"], level.get("unit")
        if patch is None or shape is None:
            raise ValueError("give `patch`, the shape of what is written at once, and `like` or `shape`, what there is in all")
        description = {
            "folder": os.path.abspath(folder), "classes": list(classes), "shape": list(shape), "spacing": list(spacing or [1, 1, 1]),
            "origin": list(origin or [0, 0, 0]), "unit": unit, "patch": list(patch), "overlap": None if overlap is None else list(overlap),
            "dtype": str(numpy.dtype(dtype)), "memory": memory, "inputs": [] if like is None else [os.path.abspath(like.path)],
        }
        address = pointer()
        call("weft_writer_open", _json(description), ctypes.byref(address))
        self._handle = Handle(address.value)
        places = json.loads(told("weft_writer_positions", self._handle))
        #: What of the image the network is given, patch by patch.
        self.boxes = [tuple(slice(low, low + count) for low, count in zip(place[:3], place[3:])) for place in places]

    def write(self, number, values):
        """Takes what was made of a patch: classes, z, y, x. Any order, any thread."""
        values = numpy.ascontiguousarray(values, "float32")
        call("weft_writer_write", self._handle, ctypes.c_ssize_t(number), values.ctypes.data_as(pointer), ctypes.c_ssize_t(values.size))

    def finish(self):
        """Writes what is left, and gives the images their names."""
        call("weft_writer_finish", self._handle)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.finish()
