# SPDX-License-Identifier: Apache-2.0
"""The map that a registration found, as moving voxel indices for every fixed voxel, through the program's own commands.

Three images of the moving grid hold each voxel's own x, y and z; brought onto the fixed grid, they are the map, whatever a program's
conventions. Weft brings them by `weft apply`, peers by the shared script `pull_transform.py`.
"""

import csv
import json
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy
import tifffile
import zarr

from cases import SHARED

# Added to coordinates, so that voxels outside the moving image, which are 0, tell themselves apart.
OFFSET = 1000


def weft_map(weft, case, out, target):
    """Writes `T.npy` (3, x, y, z) into `target`; NaN where a point leaves the moving image."""
    target.mkdir(parents=True, exist_ok=True)
    shape = nibabel.load(next(case.folder.glob("moving.nii*"))).shape
    pulled = []
    for axis in range(3):
        lengths = [-1 if k == axis else 1 for k in range(3)]
        values = numpy.broadcast_to(numpy.arange(shape[axis], dtype=numpy.float32).reshape(lengths) + OFFSET, shape)
        image = target / ("coordinates" + "".join(case.moving.suffixes[-2:] if case.moving.suffix != ".tif" else [".tif"]))
        write_like(case.moving, image, values)
        result = target / "pulled.nii"
        command = [weft, "apply", "--transforms", out, "--input", image, "--output", result, "--overwrite", "--quiet"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        pulled.append(numpy.asarray(nibabel.load(result).dataobj, dtype=numpy.float32) - OFFSET)
        result.unlink()
    map = numpy.stack(pulled)
    map[:, (map < -0.01).any(axis=0)] = numpy.nan
    numpy.save(target / "T.npy", map)


def write_like(like, path, values):
    """An image of x, y, z `values` in the space of the image `like`, of the same format."""
    if like.suffix == ".tif":
        tifffile.imwrite(path, numpy.ascontiguousarray(values.T), photometric="minisblack")
    elif like.suffix == ".zarr":
        group = zarr.open_group(str(path), mode="w", zarr_format=2)
        scales = zarr.open_group(str(like), mode="r").attrs["multiscales"][0]
        group.attrs["multiscales"] = [{**scales, "datasets": scales["datasets"][:1]}]
        array = group.create_array("0", shape=values.T.shape, chunks=(64, 128, 128), dtype="float32")
        array[:] = values.T
    else:
        nibabel.save(nibabel.Nifti1Image(numpy.ascontiguousarray(values), nibabel.load(like).affine), path)


def weft_landmarks(weft, case, out, target):
    """Where Weft sends the fixed landmarks, in moving voxels."""
    target.mkdir(parents=True, exist_ok=True)
    given, sent = target / "fixed.csv", target / "sent.csv"
    with open(given, "w") as file:
        file.write("y,x\n" + "".join(f"{y},{x}\n" for x, y in case.landmarks[0]))
    command = [weft, "apply", "-t", out, "-i", given, "-o", sent, "--to", "moving", "--voxels", "--overwrite", "--quiet"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return numpy.array([(float(row["x"]), float(row["y"])) for row in csv.DictReader(open(sent))])


def ants_landmarks(case, out):
    """Where antspyx sends them; NIfTI's physical x and y run against ITK's."""
    import ants
    import pandas

    x, y = case.landmarks[0].T
    points = pandas.DataFrame({"x": -x, "y": -y})
    sent = ants.apply_transforms_to_points(2, points, json.load(open(out / "fwd.json")))
    return numpy.stack([-sent["x"], -sent["y"]], axis=1)


def peer_map(peer, folder, out):
    """Writes the map that a peer found on the pair in `folder` into `out/T.npy`."""
    subprocess.run([sys.executable, SHARED / "bench" / "pull_transform.py", peer, folder, out], check=True, stdout=subprocess.DEVNULL)


def evaluate(case, out):
    """The shared evaluation of `out/T.npy`, or of no registration at all.

    Where the case has a folder `core` (fixed.nii cropped, moving.nii whole, box.json with the crop's first and last x, y, z), only that is
    judged: the rim of a block's halo serves nobody.
    """
    folder, map = case.folder, out
    if (case.folder / "core").exists():
        lower, upper = json.load(open(case.folder / "core" / "box.json"))
        shape = nibabel.load(case.folder / "fixed.nii").shape
        whole = numpy.indices(shape, dtype=numpy.float32) if out == "identity" else numpy.load(out / "T.npy")
        folder = map = case.folder / "core"
        numpy.save(map / "T.npy", whole[:, lower[0] : upper[0], lower[1] : upper[1], lower[2] : upper[2]])
    script = SHARED / "bench" / "evaluate.py"
    subprocess.run([sys.executable, script, folder, map], check=True, stdout=subprocess.DEVNULL)
    return json.load(open((folder if map == "identity" else Path(map)) / "eval.json"))
