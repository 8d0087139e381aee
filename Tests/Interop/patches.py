# SPDX-License-Identifier: Apache-2.0
"""Patches of `weft patches` beside what NumPy and SciPy make of the same arrays.

    patches.py make FOLDER       writes FOLDER/raw.ome.zarr and labels.ome.zarr, and a specification NAME.json for each transform
    patches.py check FOLDER      compares FOLDER/NAME.zarr, which `weft patches FOLDER/NAME.json` made, with NumPy and SciPy
"""

import json
import math
import pathlib
import sys

import numpy
import scipy.ndimage
import zarr

SHAPE, SPACING = (16, 20, 24), 4.0
# Name: the transform, what it is to NumPy, the scale, how values between voxels are found.
CASES = {
    "identity": ([], lambda patch: patch, 4, "linear"),
    "mirror": ([{"mirror": [0, 1, 0]}], lambda patch: numpy.flip(patch, 1), 4, "linear"),
    "mirrors": ([{"mirror": [1, 1, 1]}], lambda patch: numpy.flip(patch), 4, "linear"),
    "transpose": (["transpose"], None, 4, "linear"),
    "quarter": ([{"rotate": {"z": 90}}], None, 4, "linear"),
    "turned": ([{"rotate": {"z": 30}}], None, 4, "linear"),
    "turned_about_all": ([{"rotate": {"z": 30, "y": -20, "x": 45}}], None, 4, "linear"),
    "nearest": ([{"rotate": {"y": 30}}], None, 4, "nearest"),
    "scaled": ([{"scale": 1.25}], None, 4, "linear"),
    "level_1": ([], lambda patch: patch, 8, "linear"),
    "finer": ([], None, 2, "linear"),
    "between": ([], None, 5, "linear"),
    "coarser": ([], None, 12, "linear"),
}


def write(path, levels, origin):
    root = zarr.open_group(path, mode="w", zarr_format=3)
    datasets = []
    for number, voxels in enumerate(levels):
        root.create_array(str(number), data=voxels, chunks=(16, 16, 16), dimension_names=["z", "y", "x"])
        scale = SPACING * 2**number
        shift = [o + (2**number - 1) / 2 * SPACING for o in origin]
        transforms = [{"type": "scale", "scale": [scale] * 3}, {"type": "translation", "translation": shift}]
        datasets.append({"path": str(number), "coordinateTransformations": transforms})
    axes = [{"name": name, "type": "space", "unit": "nanometer"} for name in "zyx"]
    root.attrs["ome"] = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": datasets, "name": "image"}]}


ORIGIN = [10.0, -6.0, 2.0]


def volumes():
    random = numpy.random.default_rng(5)
    raw = scipy.ndimage.gaussian_filter(random.standard_normal((70, 64, 72)), 2) * 20000 + 2000
    raw = raw.clip(0, 65535).astype("uint16")
    labels = (raw > 2200).astype("uint32") * (1 + numpy.arange(raw.size, dtype="uint32").reshape(raw.shape) // 5000)
    return raw, labels


def halved(raw):
    blocks = raw.reshape(35, 2, 32, 2, 36, 2).astype("float64").mean((1, 3, 5))
    return numpy.floor(blocks + 0.5).astype("uint16")


def make(folder):
    raw, labels = volumes()
    write(folder / "raw.ome.zarr", [raw, halved(raw)], ORIGIN)
    write(folder / "labels.ome.zarr", [labels], ORIGIN)
    for name, (places, _, scale, interpolation) in CASES.items():
        shape = [12, 12, 12] if name in ("transpose", "quarter") else list(SHAPE)
        if scale == 12:
            shape = [12, 12, 12]
        array = {"shape": shape, "scale": [scale] * 3}
        text = {
            "classes": ["cell"], "input_arrays": {"raw": array}, "target_arrays": {"cell": array}, "interpolation": interpolation,
            "datasets": {"train": [{"raw": "raw.ome.zarr", "gt": "labels.ome.zarr"}]}, "seed": 3, "batch": 2,
            "augment": {"places": places, "labels": []},
        }
        (folder / f"{name}.json").write_text(json.dumps(text))
    print(" ".join(CASES))


def matrix(places):
    """The way back: from a voxel of the patch to where it is taken from."""
    back = numpy.eye(3)
    for place in places:
        if place == "transpose":
            continue
        if "rotate" in place:
            for axis, name in enumerate("zyx"):
                angle = math.radians(place["rotate"].get(name, 0))
                a, b = (axis + 1) % 3, (axis + 2) % 3
                turn = numpy.eye(3)
                turn[a, a] = turn[b, b] = math.cos(angle)
                turn[a, b], turn[b, a] = math.sin(angle), -math.sin(angle)
                back = back @ turn
        if "scale" in place:
            back = back / place["scale"]
    return back


def sampled(volume, spacing, origin, center, back, shape, scale, order):
    places = numpy.indices(shape).reshape(3, -1) + 0.5 - numpy.array(shape).reshape(3, 1) / 2
    world = numpy.array(center).reshape(3, 1) + back @ (places * scale)
    index = (world - numpy.array(origin).reshape(3, 1)) / spacing
    if order == 0:
        index = numpy.floor(index + 0.5 + 1e-4)
        inside = ((index >= 0) & (index < numpy.array(volume.shape).reshape(3, 1))).all(0)
        index = index.clip(0, numpy.array(volume.shape).reshape(3, 1) - 1).astype(int)
        values = volume[tuple(index)].astype("float64")
    else:
        inside = ((index >= -0.5) & (index <= numpy.array(volume.shape).reshape(3, 1) - 0.5)).all(0)
        values = scipy.ndimage.map_coordinates(volume.astype("float64"), index, order=order, mode="nearest")
    return numpy.where(inside, values, numpy.nan).reshape(shape)


def check(folder):
    raw, labels = volumes()
    failed = 0
    for name, (places, plain, scale, interpolation) in CASES.items():
        root = zarr.open_group(folder / f"{name}.zarr", mode="r")
        inputs, targets = root["raw"][:], root["cell"][:]
        volume, spacing, origin = raw, SPACING, numpy.array(ORIGIN)
        if scale == 8:
            volume, spacing, origin = halved(raw), 8.0, origin + SPACING / 2
        if scale == 12:
            # The level of 8 nm is the coarsest that is sufficient; it is not averaged, since 12 is less than twice 8.
            volume, spacing, origin = halved(raw), 8.0, origin + SPACING / 2
        worst, wrong = 0.0, 0
        for number, patch in enumerate(root.attrs["patches"]):
            shape = inputs.shape[2:]
            lower = [(c - o) / spacing + 0.5 - n / 2 * scale / spacing for c, o, n in zip(patch["center"], origin, shape)]
            exact = spacing == scale
            if exact:
                lower = [round(value) for value in lower]
                box = tuple(slice(low, low + n) for low, n in zip(lower, shape))
            if plain:
                expected = plain(volume[box].astype("float32"))
                wrong += int((inputs[number, 0] != expected).sum())
                if scale == SPACING:
                    wrong += int((targets[number, 0] != plain(labels[box].astype("float32"))).sum())
            elif name == "transpose":
                import itertools

                orders = [o for o in itertools.permutations(range(3)) if (volume[box].transpose(o) == inputs[number, 0]).all()]
                wrong += int(len(orders) != 1 or (labels[box].transpose(orders[0]) != targets[number, 0]).any())
            elif name == "quarter":
                expected = numpy.rot90(volume[box].astype("float32"), 1, (1, 2))
                if (numpy.rot90(expected, 2, (1, 2)) == inputs[number, 0]).all():
                    expected = numpy.rot90(expected, 2, (1, 2))
                wrong += int((inputs[number, 0] != expected).sum())
            else:
                order = 0 if interpolation == "nearest" else 1
                expected = sampled(volume, spacing, origin, patch["center"], matrix(places), shape, scale, order)
                known = ~numpy.isnan(expected)
                # On the very border rounding decides.
                wrong += int((numpy.isnan(inputs[number, 0]) != ~known).sum() > 0.002 * known.size)
                both = known & ~numpy.isnan(inputs[number, 0])
                difference = numpy.abs(inputs[number, 0] - expected)[both]
                if order == 0:
                    wrong += int((difference > 0).mean() > 0.01)
                else:
                    worst = max(worst, float(difference.max()))
                expected = sampled(labels, SPACING, ORIGIN, patch["center"], matrix(places), shape, scale, 0)
                both = ~numpy.isnan(expected) & ~numpy.isnan(targets[number, 0])
                wrong += int((targets[number, 0] != expected)[both].mean() > 0.01)
        deviation = float(raw.std())
        good = wrong == 0 and worst < 1e-3 * deviation
        failed += not good
        print(f"{name}: {len(root.attrs['patches'])} patches, {wrong} wrong, largest difference {worst:.4f} of {deviation:.0f}{'' if good else '  FAILED'}")
    sys.exit(failed > 0)


{"make": make, "check": check}[sys.argv[1]](pathlib.Path(sys.argv[2]))
