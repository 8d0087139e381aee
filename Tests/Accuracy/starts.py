# SPDX-License-Identifier: Apache-2.0
"""starts.py FOLDER PEERS: lets peers find affine maps, and prints for each how many ended within a voxel.

Each folder in FOLDER holds a start: fixed.nii, moving.nii, foreground.nii on the fixed lattice, and truth.json, the map from fixed to
moving voxels (z, y, x) as `matrix` and `offset`. Called by `weft-benchmarks starts`.
"""

import json
import statistics
import sys
from pathlib import Path

import nibabel
import numpy

import maps
import peers


def miss(folder, out):
    """Mean distance in voxels between what was found and the truth, over the foreground that lies inside the moving image."""
    truth = json.load(open(folder / "truth.json"))
    matrix, offset = numpy.array(truth["matrix"])[::-1, ::-1], numpy.array(truth["offset"])[::-1]
    found = numpy.load(out / "T.npy")
    shape = numpy.array(found.shape[1:])
    at = numpy.argwhere(numpy.asarray(nibabel.load(folder / "foreground.nii").dataobj) > 0)
    there = at @ matrix.T + offset
    inside = ((there >= 0) & (there <= shape - 1)).all(axis=1)
    # What is found is affine: fitted where it stays inside the moving image, it is known everywhere.
    known = numpy.argwhere(numpy.isfinite(found).all(axis=0))
    if len(known) < 1000:
        return numpy.inf
    known = known[:: max(1, len(known) // 20000)]
    rows = numpy.hstack([known, numpy.ones((len(known), 1))])
    fit = numpy.linalg.lstsq(rows, found[:, known[:, 0], known[:, 1], known[:, 2]].T, rcond=None)[0]
    here = at[inside] @ fit[:3] + fit[3]
    return float(numpy.linalg.norm(here - there[inside], axis=1).mean())


def main():
    work = Path(sys.argv[1])
    folders = sorted((path for path in work.iterdir() if (path / "truth.json").exists()), key=lambda path: int(path.name))
    for name in peers.chosen(sys.argv[2], peers.AFFINE_PEERS):
        peer = peers.AFFINE_PEERS[name]
        errors, walls, cpus = [], [], []
        for folder in folders:
            out = folder / name
            took = peers.run(peer, folder, out)
            maps.peer_map(peer.name, folder, out)
            errors.append(miss(folder, out))
            (out / "T.npy").unlink()
            walls.append(took["wall"])
            cpus.append(took["cpu"])
            if errors[-1] >= 1:
                print(f"  {name}: start {folder.name} missed by {errors[-1]:.1f} voxels", flush=True)
        found = sum(error < 1 for error in errors)
        print(
            f"  {name}: {found} of {len(errors)} found; median {statistics.median(walls):.2f} s, {statistics.median(cpus):.2f} CPU s "
            "without imports",
            flush=True,
        )


main()
