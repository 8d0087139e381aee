# SPDX-License-Identifier: Apache-2.0
"""apply.py PART …: what other programs take to bring an image along by a warp. Called by `weft-benchmarks apply`.

    apply PEER FIXED MOVING WARP OUT   brings MOVING onto the voxels of FIXED, linearly; prints the seconds of reading, resampling and writing
    compare A B                        prints the mean difference of two images, as a part of the mean of A, away from the border

All files are NIfTI. WARP holds the displacements of a whole registration at the voxels of FIXED. antspyx reads it while it resamples,
SimpleITK before. Peers: antspyx, simpleitk. Two threads.
"""

import os
import sys
import time

os.environ["ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"] = "2"


def antspyx(fixed, moving, warp, out):
    import ants

    yield
    images = [ants.image_read(fixed), ants.image_read(moving)]
    yield
    result = ants.apply_transforms(*images, [warp], interpolator="linear")
    yield
    ants.image_write(result, out)
    yield


def simpleitk(fixed, moving, warp, out):
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    yield
    images = [sitk.ReadImage(fixed), sitk.ReadImage(moving)]
    transform = sitk.DisplacementFieldTransform(sitk.ReadImage(warp, sitk.sitkVectorFloat64))
    yield
    result = sitk.Resample(images[1], images[0], transform, sitk.sitkLinear, 0.0)
    yield
    sitk.WriteImage(result, out)
    yield


def compare(first, second):
    import nibabel
    import numpy

    a, b = (numpy.asarray(nibabel.load(path).dataobj, "float32") for path in (first, second))
    inner = tuple(slice(length // 4, -(length // 4)) for length in a.shape)
    return float(numpy.abs(a[inner] - b[inner]).mean() / a[inner].mean())


def main():
    if sys.argv[1] == "compare":
        print(compare(*sys.argv[2:]))
        return
    times = [time.perf_counter() for _ in {"antspyx": antspyx, "simpleitk": simpleitk}[sys.argv[2]](*sys.argv[3:])]
    print(*(f"{after - before:.3f}" for before, after in zip(times, times[1:])))


main()
