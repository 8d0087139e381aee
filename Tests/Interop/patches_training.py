# SPDX-License-Identifier: Apache-2.0
"""A tiny network is trained on patches through Weft's Python package, on the CPU: patches_training.py NUCLEI FOLDER

NUCLEI holds img3d.tif and mask3d.tif. A hundred steps, then predictions for every voxel, which must tell nuclei from background better than the raw image's
brightness before training does: what is asserted is that the loss falls, and that every voxel is covered.
"""

import pathlib
import sys

import numpy
import torch

import weft
import weft.torch

nuclei, folder = map(pathlib.Path, sys.argv[1:])
array = {"shape": [16, 32, 32], "scale": [1, 1, 1]}
specification = {
    "classes": ["nucleus"], "input_arrays": {"raw": array}, "target_arrays": {"nucleus": array}, "batch": 4, "batches": 100, "seed": 1,
    "sampling": "balanced",
    "datasets": {"train": [{"raw": {"path": f"{nuclei}/img3d.tif", "spacing": [1, 1, 1]}, "gt": {"nucleus": {"path": f"{nuclei}/mask3d.tif", "spacing": [1, 1, 1]}}}]},
    "augment": {"places": ["mirror", {"transpose": ["y", "x"]}], "inputs": ["standardise", {"noise": 0.05}]},
}
torch.manual_seed(1)
network = torch.nn.Sequential(
    torch.nn.Conv3d(1, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.Conv3d(8, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.Conv3d(8, 1, 1)
)
optimiser = torch.optim.Adam(network.parameters(), 1e-2)
losses = []
for batch in weft.torch.batches(specification, folder=str(folder)):
    target = batch["nucleus"]
    known = ~torch.isnan(target)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(network(batch["raw"])[known], target[known])
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    losses.append(float(loss.detach()))
assert len(losses) == 100, len(losses)
first, last = numpy.mean(losses[:10]), numpy.mean(losses[-10:])
assert last < 0.7 * first, (first, last)

image, truth = weft.open_image(nuclei / "img3d.tif"), weft.open_image(nuclei / "mask3d.tif").read() > 0
voxels = image.read()
with weft.PredictionWriter(folder / "predicted", ["nucleus"], like=image, patch=(16, 32, 32)) as writer, torch.no_grad():
    for number, box in enumerate(writer.boxes):
        part = voxels[box]
        part = (part - part.mean()) / part.std()
        writer.write(number, torch.sigmoid(network(torch.from_numpy(part)[None, None]))[0].numpy())
made = weft.open_image(folder / "predicted/nucleus.ome.zarr").read()
assert made.shape == voxels.shape and numpy.isfinite(made).all() and (made > 0).all()
overlap = 2 * ((made > 0.5) & truth).sum() / ((made > 0.5).sum() + truth.sum())
assert overlap > 0.6, overlap
print(f"loss {first:.3f} to {last:.3f}; Dice {overlap:.2f} over {made.size} voxels")
