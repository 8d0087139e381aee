# SPDX-License-Identifier: Apache-2.0
"""Weft's own Python package, as `pip install Examples/python` put it into this Python.

    python_package.py FOLDER        registers, reads fields and images, loads patches, writes predictions
    python_package.py FOLDER torch  the same batches through PyTorch, with and without workers
"""

import json
import pathlib
import sys
import threading
import time

import numpy

import weft

folder = pathlib.Path(sys.argv[1])


def specification(**more):
    array = {"shape": [16, 16, 16], "scale": [1, 1, 1]}
    return {
        "classes": ["nucleus"], "input_arrays": {"raw": array}, "target_arrays": {"nucleus": array}, "batch": 4, "batches": 6, "seed": 5,
        "memory_gb": 0.2, "datasets": {"train": [{"raw": "pair/fixed.ome.zarr", "gt": "pair/fixed_labels.ome.zarr"}]},
        "augment": {"places": ["mirror", {"rotate": {"z": [-20, 20]}}]}, **more,
    }


def registration():
    weft.run("phantom", folder / "pair", "--shape", "64", "--labels", "--scene", "nuclei", progress=False)
    pair = folder / "pair/fixed.ome.zarr", folder / "pair/moving.ome.zarr"
    result = weft.register(*pair, output=folder / "out", accuracy="draft", progress=False)
    image = result.image
    assert image.shape == (64, 64, 64) and image.read(lower=[0, 8, 8], upper=[4, 20, 9]).shape == (4, 12, 1)
    fixed, moving = weft.open_image(pair[0]).read(), weft.open_image(pair[1]).read()
    whole = image.read()
    inside = whole > 0
    before, after = (numpy.corrcoef(fixed[inside], other[inside])[0, 1] for other in (moving, whole))
    assert after > before, (before, after)
    field = result.field
    shifts = field.displacement(step=16)
    assert shifts.shape == (3, 4, 4, 4) and numpy.abs(shifts).max() > 0.1
    # The truth of the phantom, where nuclei are.
    lines = (folder / "pair/landmarks.csv").read_text().splitlines()
    names = lines[0].split(",")
    rows = numpy.array([[float(value) for value in line.split(",")[-6:]] for line in lines[1:]])
    moved = field.map(rows[:, :3])
    assert numpy.median(numpy.linalg.norm(moved - rows[:, 3:], axis=1)) < 1, names
    assert len(result.blocks) > 0 and "verdict" in result.blocks[0]
    # Arrays are registered, too.
    small = weft.register(fixed[:32].astype("uint16"), moving[:32].astype("uint16"), accuracy="draft", progress=False)
    assert small.image.read().shape == (32, 64, 64)
    back = weft.apply(result, pair[1], progress=False)
    assert (back.read() == whole).all()
    try:
        weft.register(folder / "none.zarr", pair[1], output=folder / "none", progress=False)
        raise SystemExit("a missing image was registered")
    except weft.WeftError as error:
        assert "none.zarr does not exist" in error.message and error.hint, error


def patches():
    (folder / "spec.json").write_text(json.dumps(specification()))
    batches = [{name: array.copy() for name, array in batch.items()} for batch in weft.PatchLoader(folder / "spec.json")]
    assert len(batches) == 6 and batches[0]["raw"].shape == (4, 1, 16, 16, 16) and batches[0]["raw"].dtype == numpy.float32
    # A dictionary is the same, and so is the work of three processes; batches that are held stay as they are.
    held = []
    for number in range(3):
        for batch in weft.PatchLoader(specification(batch=numpy.int64(4)), folder=folder, share=(number, 3)):
            assert len(batch.origins) == 4 and batch.origins[0]["image"].endswith("fixed.ome.zarr")
            held.append((batch.origins[0]["number"], batch))
    held = [batch for _, batch in sorted(held, key=lambda pair: pair[0])]
    for one, other in zip(batches, held):
        for name in one:
            assert numpy.array_equal(one[name], other[name], equal_nan=True)
    # What is validated with comes once, the last batch smaller: 4 patches of 16 along each axis.
    with weft.PatchLoader(specification(sampling="tiles", batch=7, batches=None), folder=folder) as loader:
        assert [batch["raw"].shape for batch in loader] == 9 * [(7, 1, 16, 16, 16)] + [(1, 1, 16, 16, 16)]
    # An array outlives its batch and its loader.
    loader = weft.PatchLoader(folder / "spec.json")
    array = next(loader)["raw"]
    expected = array.copy()
    for _ in loader:
        pass
    del loader
    assert numpy.array_equal(array, expected, equal_nan=True)
    # Python goes on while a batch is waited for.
    ticks, loader = [], weft.PatchLoader(specification(batches=None, batch=64), folder=folder)
    thread = threading.Thread(target=lambda: [next(loader) for _ in range(5)])
    thread.start()
    while thread.is_alive():
        ticks.append(0)
        time.sleep(0.001)
    assert len(ticks) > 5
    statistics = loader.statistics
    assert statistics["patches"] == 320 and statistics["hits"] > 0
    loader.close()
    try:
        weft.PatchLoader({"classes": 3})
        raise SystemExit("a bad specification was taken")
    except weft.WeftError as error:
        assert "`classes`: it is 3" in str(error), error


def predictions():
    image = weft.open_image(folder / "pair/fixed.ome.zarr")
    voxels = image.read()
    with weft.PredictionWriter(folder / "predicted", ["nucleus", "other"], like=image, patch=(24, 24, 24)) as writer:
        order = numpy.random.default_rng(1).permutation(len(writer.boxes))
        for number in order:
            box = writer.boxes[number]
            writer.write(number, numpy.stack([voxels[box], -voxels[box]]))
    made = weft.open_image(folder / "predicted/nucleus.ome.zarr")
    assert made.levels[0]["spacing"] == image.levels[0]["spacing"] and numpy.allclose(made.read(), voxels, atol=1e-2)
    assert numpy.array_equal(weft.open_image(folder / "predicted/other.ome.zarr").read(), -made.read())


def through_torch():
    import torch

    import weft.torch

    def all_batches(workers):
        data = weft.torch.PatchDataset(specification(), folder=str(folder))
        context = "spawn" if workers else None
        return list(torch.utils.data.DataLoader(data, batch_size=None, num_workers=workers, multiprocessing_context=context))

    one, two = all_batches(0), all_batches(2)
    assert len(one) == len(two) == 6
    for a, b in zip(one, two):
        assert a["raw"].dtype == torch.float32 and torch.equal(a["raw"].nan_to_num(), b["raw"].nan_to_num())
    direct = list(weft.torch.batches(specification(), folder=str(folder)))
    assert all(torch.equal(a["nucleus"].nan_to_num(), b["nucleus"].nan_to_num()) for a, b in zip(one, direct))


if __name__ == "__main__":
    if sys.argv[2:] == ["torch"]:
        through_torch()
    else:
        registration()
        patches()
        predictions()
    print("all is well")
