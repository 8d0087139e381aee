# SPDX-License-Identifier: Apache-2.0
"""Compares transform files with SimpleITK and antspyx.

usage: transforms.py write FOLDER    writes files with SimpleITK and lists where they send points, in written.json
       transforms.py check FOLDER    reads the files that checks.json lists and compares where they send points

Points are z, y, x.
"""

import json
import os
import sys

import numpy as np
import SimpleITK as sitk

command, folder = sys.argv[1:]


def path(name):
    return os.path.join(folder, name)


def mapped(transform, points):
    return [list(transform.TransformPoint(point[::-1]))[::-1] for point in points]


def rotation():
    a, b = 0.4, -0.7
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    z = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    return x @ z


def write():
    points = {2: [[1.5, -2.25], [10, 20], [-7, 3]], 3: [[1.5, -2.25, 8], [10, 20, 30], [-7, 3, 1]]}
    written = []

    def note(name, transform, rank):
        sitk.WriteTransform(transform, path(name))
        written.append({"name": name, "points": points[rank], "mapped": mapped(transform, points[rank])})

    affine = sitk.AffineTransform([1.1, 0.2, -0.1, 0.05, 0.9, 0.3, -0.2, 0.1, 1.05], [3, -4, 5], [11, 12, 13])
    euler = sitk.Euler3DTransform([5, 6, 7], 0.1, -0.2, 0.3, [1, 2, 3])
    shift = sitk.TranslationTransform(3, [1, 2, 3])
    flat = sitk.AffineTransform([1.1, 0.2, -0.3, 0.9], [3, -4], [11, 12])
    for extension in ["mat", "txt", "tfm"]:
        note(f"affine.{extension}", affine, 3)
        note(f"euler.{extension}", euler, 3)
        note(f"shift.{extension}", shift, 3)
        note(f"similarity.{extension}", sitk.Similarity3DTransform(1.2, [0, 0, 1], 0.5, [1, 2, 3], [4, 5, 6]), 3)
        note(f"flat.{extension}", flat, 2)
        note(f"rigid2d.{extension}", sitk.Euler2DTransform([5, 6], 0.3, [1, 2]), 2)
    note("composite.tfm", sitk.CompositeTransform([affine, euler, shift]), 3)
    json.dump(written, open(path("written.json"), "w"))

    # A field on a turned lattice of unequal spacing.
    for rank, size in [(3, (14, 12, 10)), (2, (14, 12))]:
        values = np.random.default_rng(3).normal(size=size[::-1] + (rank,))
        field = sitk.GetImageFromArray(values.astype(np.float64), isVector=True)
        field.SetSpacing([1.5, 2.0, 3.5][:rank])
        field.SetOrigin([-10, 5, 30][:rank])
        field.SetDirection((rotation() if rank == 3 else np.array([[0.8, -0.6], [0.6, 0.8]])).flatten().tolist())
        for extension in ["nii.gz", "nrrd", "mha"]:
            sitk.WriteImage(sitk.Cast(field, sitk.sitkVectorFloat32), path(f"field{rank}.{extension}"))
        inside = [field.TransformContinuousIndexToPhysicalPoint([2.3 + k, 4.1, 3.7][:rank])[::-1] for k in range(6)]
        json.dump([{"name": f"field{rank}", "points": inside, "mapped": mapped(sitk.DisplacementFieldTransform(field), inside)}],
                  open(path(f"field{rank}.json"), "w"))


def resampled_coordinates(ants, rank, points, transforms):
    """Where antsApplyTransforms samples a moving image for fixed voxels at the points: images whose voxels are their own coordinates."""
    size, spacing, origin = 81, 5.0, -200.0
    line = origin + spacing * np.arange(size, dtype=np.float32)
    result = np.zeros((len(points), rank))
    for axis in range(rank):
        shape = [size if k == axis else 1 for k in range(rank)]
        values = np.broadcast_to(line.reshape(shape), [size] * rank).copy()
        moving = ants.from_numpy(values, origin=[origin] * rank, spacing=[spacing] * rank)
        for number, point in enumerate(points):
            fixed = ants.from_numpy(np.zeros([3] * rank, np.float32), origin=list(point[::-1]), spacing=[1e-3] * rank)
            moved = ants.apply_transforms(fixed, moving, transforms, interpolator="linear")
            result[number, rank - 1 - axis] = moved.numpy()[(0,) * rank]
    return result


def check():
    import ants
    worst = 0
    for entry in json.load(open(path("checks.json"))):
        points, expected = entry["points"], np.array(entry["mapped"])
        rank = expected.shape[1]
        # The transform added last is applied first.
        whole = sitk.CompositeTransform(rank)
        for name in entry["list"]:
            if name.endswith(".mat") or name.endswith(".txt"):
                whole.AddTransform(sitk.ReadTransform(path(name)))
            else:
                whole.AddTransform(sitk.DisplacementFieldTransform(sitk.ReadImage(path(name), sitk.sitkVectorFloat64)))
        worst = max(worst, np.abs(np.array(mapped(whole, points)) - expected).max())
        assert worst < 1e-3, f"SimpleITK, {entry['list']}: {worst}"
        # ANTs lists what happens to a fixed point first to last (warp, affine); SimpleITK's composite, last to first (affine, warp).
        moved = resampled_coordinates(ants, rank, points, [path(name) for name in entry["list"][::-1]])
        worst = max(worst, np.abs(moved - expected).max())
        assert worst < 1e-3, f"antspyx, {entry['list']}: {worst}"
    print("largest difference", worst)


{"write": write, "check": check}[command]()
