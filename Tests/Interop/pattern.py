# SPDX-License-Identifier: Apache-2.0
"""The voxels of Tests/TestSupport/Pattern.swift, made with numpy."""

import numpy as np


def pattern(shape, seed, dtype):
    """Runs of 16 equal pseudo-random numbers over an integer type's range; multiples of 1/256 in real types."""
    dtype = np.dtype(dtype)
    index = np.arange(int(np.prod(shape)), dtype=np.uint64) // np.uint64(16)
    with np.errstate(over="ignore"):
        mixed = (index + np.uint64(1) + np.uint64(seed)) * np.uint64(0x9E3779B97F4A7C15)
    if dtype.kind == "f":
        values = (mixed >> np.uint64(40)).astype(np.float64) / 256 - 32768
    else:
        values = (mixed >> np.uint64(64 - 8 * dtype.itemsize)).astype(f"u{dtype.itemsize}").view(f"{dtype.kind}{dtype.itemsize}")
    return values.astype(dtype).reshape(shape)
