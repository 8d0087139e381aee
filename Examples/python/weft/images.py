# SPDX-License-Identifier: Apache-2.0
"""Images and transforms as NumPy arrays."""

import ctypes
import json
import os

import numpy

from ._library import Handle, call, pointer, text, told


def _opened(function, path):
    address = pointer()
    call(function, os.fsencode(path), ctypes.byref(address))
    return Handle(address.value)


class Image:
    """An image of any kind that Weft reads; nothing is loaded until it is read. Axes z, y, x (y, x where it is flat)."""

    def __init__(self, path):
        self.path = os.fspath(path)
        self._handle = _opened("weft_image_open", path)
        description = pointer()
        call("weft_image_description", self._handle, ctypes.byref(description))
        what = json.loads(text(description.value))
        #: Levels, the finest first: `shape`, `spacing`, `origin`, `unit` of each.
        self.levels = what["levels"]
        #: How many channels there are, and the type of the stored voxels.
        self.channels, self.dtype = what["channels"], what["dtype"]

    @property
    def shape(self):
        return tuple(self.levels[0]["shape"])

    def read(self, level=0, channel=0, lower=None, upper=None):
        """Voxels of a level from `lower` to below `upper` (all of it without), as float32."""
        if not 0 <= level < len(self.levels):
            raise IndexError(f"{self.path} has no level {level}: it has {len(self.levels)}, counted from 0")
        shape = self.levels[level]["shape"]
        lower = [0] * len(shape) if lower is None else [int(value) for value in lower]
        upper = shape if upper is None else [int(value) for value in upper]
        if len(lower) != len(shape) or len(upper) != len(shape):
            raise ValueError(f"a box of {self.path} has {len(shape)} axes, and lower has {len(lower)}, upper {len(upper)}")
        result = numpy.empty([max(0, high - low) for low, high in zip(lower, upper)], "float32")
        axes = ctypes.c_ssize_t * len(shape)
        call(
            "weft_image_read", self._handle, ctypes.c_ssize_t(level), ctypes.c_ssize_t(channel), axes(*lower), axes(*upper),
            result.ctypes.data_as(pointer),
        )
        return result

    def __array__(self, dtype=None, copy=None):
        return self.read().astype(dtype or "float32", copy=False)

    def __repr__(self):
        return f"<weft.Image {self.path} {'×'.join(map(str, self.shape))} {self.dtype}, {len(self.levels)} levels>"


class Field:
    """The transform of a registration: from places in the fixed image to places in the moving one."""

    def __init__(self, path):
        self.path = os.fspath(path)
        self._handle = _opened("weft_field_open", path)
        lattice = json.loads(told("weft_field_lattice", self._handle))
        #: The fixed image: voxels, distance between them, the middle of the first, all z, y, x, and the unit.
        self.shape, self.spacing = tuple(lattice["shape"]), tuple(lattice["spacing"])
        self.origin, self.unit = tuple(lattice["origin"]), lattice.get("unit")

    def map(self, points):
        """Where points of the fixed image (n, 3: z, y, x in its unit) lie in the moving image. Fields are read in parts, as they are needed."""
        points = numpy.array(points, "float64", order="C", ndmin=2)
        if points.shape[-1] != 3:
            raise ValueError(f"points have three coordinates each (z, y, x), and these have the shape {points.shape}")
        call("weft_field_map", self._handle, points.ctypes.data_as(pointer), ctypes.c_ssize_t(points.size // 3))
        return points

    def displacement(self, lower=(0, 0, 0), upper=None, step=1):
        """The field at every `step`-th voxel of the fixed image from `lower` to below `upper`: 3, z, y, x, in its unit."""
        upper = self.shape if upper is None else upper
        index = numpy.stack(numpy.meshgrid(*(numpy.arange(a, b, step) for a, b in zip(lower, upper)), indexing="ij"), -1)
        if index.size == 0:
            raise ValueError(f"there is no voxel of {self.shape} from {tuple(lower)} to {tuple(upper)}")
        # Images whose axes are turned against the world are not turned back: that needs their direction.
        points = numpy.array(self.origin) + index * numpy.array(self.spacing)
        return numpy.moveaxis(self.map(points.reshape(-1, 3)).reshape(points.shape) - points, -1, 0)

    def __repr__(self):
        return f"<weft.Field {self.path} over {'×'.join(map(str, self.shape))}>"


def open_image(path):
    """Opens an image: OME-Zarr, N5, TIFF, HDF5, Imaris, NIfTI, NRRD, …"""
    return Image(path)


def open_field(path):
    """Opens the transform of a finished registration, by its output folder."""
    return Field(path)
