# SPDX-License-Identifier: Apache-2.0
"""Weft from Python: registration of images too big for memory, their transforms as NumPy arrays, and training patches.

    result = weft.register("fixed.ome.zarr", "moving.ome.zarr", output="out")
    result.image.read(level=2)                     # the registered image, z, y, x
    result.field.displacement(step=8)              # 3, z, y, x, in the unit of the fixed image

    for batch in weft.PatchLoader("spec.json"):    # arrays by name: patches, channels, z, y, x
        train(batch["raw"], batch["labels"])
"""

from ._library import WeftError
from .images import Field, Image, open_field, open_image
from .patches import Batch, PatchLoader, PredictionWriter
from .registration import Registration, apply, register, run

__all__ = [
    "Batch", "Field", "Image", "PatchLoader", "PredictionWriter", "Registration", "WeftError", "apply", "open_field", "open_image", "register", "run",
]
