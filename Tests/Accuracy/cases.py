# SPDX-License-Identifier: Apache-2.0
"""The pairs that are registered, made from the folder of real volumes: `$WEFT_SHARED`, or `shared` beside the package.

A case is a folder with `fixed.nii*` and `moving.nii*` (what peers read and what the evaluation reads) and, where Weft reads another
format, the files named by `fixed` and `moving`. Arrays of NIfTI files are x, y, z; arrays of TIFF and Zarr are z, y, x.
"""

import csv
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import nibabel
import numpy
import tifffile
import zarr

PACKAGE = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("WEFT_SHARED") or PACKAGE.parent / "shared")
# Contrasts that the moving image of a synthetic pair may be given, from its intensities as 0 to 1: `seed1-opposite`.
CONTRASTS = {
    "opposite": lambda t: 1 - t,
    "folded": lambda t: numpy.abs(t - 0.35),
    "arched": lambda t: numpy.sin(numpy.pi * numpy.sqrt(t)),
}
NAMES = ["seed1", "seed2", "seed3", "seed4", "seed5", "easifish", "brain", "mouse", "histology"]


def chosen(names):
    """The cases that an option names; a name with a slash is a folder that holds a pair as NIfTI."""
    wanted = names.split(",")
    for name in wanted:
        is_folder = "/" in name and all(any(Path(name).glob(f"{image}.nii*")) for image in ("fixed", "moving"))
        if not (is_folder or name in NAMES or seed(name)):
            raise SystemExit(
                f"error: unknown case `{name}`\n\nhint: name some of {', '.join(NAMES)}, seedN for any N, "
                f"that with -{', -'.join(CONTRASTS)}, "
                "or a folder (with a slash) that holds fixed.nii and moving.nii"
            )
    return wanted


def seed(name):
    """The number and the contrast (or `None`) that a name like seed1 or seed1-opposite gives; `None` for other names."""
    found = re.fullmatch(rf"seed(\d+)(?:-({'|'.join(CONTRASTS)}))?", name)
    return found and (int(found[1]), found[2])


def order(name):
    """Cases in the order of `NAMES`, seeds by number, folders last."""
    if seed(name):
        return (0, seed(name)[0], name)
    return (1, NAMES.index(name) if name in NAMES else len(NAMES), name)


@dataclass
class Case:
    name: str
    folder: Path
    fixed: Path
    moving: Path
    # Runs of Weft: a name and the options it adds.
    runs: list = field(default_factory=lambda: [("weft", [])])
    # What tells peers' scripts where to start; Weft finds its own start.
    peer_start: dict = field(default_factory=dict)
    # How the names of those peers begin whose scripts can run it.
    peers: tuple = ("greedy", "elastix", "ants")
    # Landmarks in voxels, (n, 2) as x, y: fixed and moving.
    landmarks: tuple | None = None


def make(name, work):
    """The case, made under `work` where it is not there yet; `None`, with a plain line, where its data are missing."""
    if "/" in name:
        folder = Path(name).resolve()
        fixed, moving = (sorted(folder.glob(f"{image}.nii*"))[0] for image in ("fixed", "moving"))
        return Case(folder.name, folder, fixed, moving)
    data = SHARED / "data"
    needed = {"easifish": "easifish/fixed.ome.zarr", "brain": "brain/fixed.nii.gz", "mouse": "mouse/brain.tif", "histology": "histology"}
    source = data / needed.get(name, "easifish/highres_crop.nii.gz")
    if not source.exists():
        print(f"skipped: {name}, because {source} is missing", file=sys.stderr, flush=True)
        return None
    folder = work / name
    folder.mkdir(parents=True, exist_ok=True)
    if name.startswith("seed"):
        return synthetic(name, folder, source, *seed(name))
    return {"easifish": easifish, "brain": brain, "mouse": mouse, "histology": histology}[name](folder, data)


def warp_copy(source, folder, seed, size):
    """A pair with a known map, by the shared script."""
    if not (folder / "gt_disp.npy").exists():
        script = SHARED / "bench" / "synthetic.py"
        sizes = [str(n) for n in size]
        command = [sys.executable, script, "--src", source, "--size", *sizes, "--seed", str(seed), "--out", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def synthetic(name, folder, source, number, contrast):
    warp_copy(source, folder, number, (256, 256, 256))
    runs = [("weft", [])]
    if contrast:
        change(folder, CONTRASTS[contrast])
        return Case(name, folder, folder / "fixed.nii", folder / "moving.nii", runs)
    if number == 1:
        runs.append(("weft, `--memory 700MB`", ["--memory", "700MB"]))
    return Case(name, folder, folder / "fixed.nii", folder / "moving.nii", runs)


def change(folder, contrast):
    """Gives the moving image another contrast, once."""
    mark = folder / "contrast"
    if mark.exists():
        return
    image = nibabel.load(folder / "moving.nii")
    values = numpy.asarray(image.dataobj).astype(numpy.float32)
    low, high = numpy.percentile(values, [0.5, 99.5])
    changed = 100 + 1000 * contrast(numpy.clip((values - low) / (high - low), 0, 1))
    nibabel.save(nibabel.Nifti1Image(changed.astype(numpy.float32), image.affine), folder / "moving.nii")
    mark.touch()


def easifish(folder, data):
    """OME-Zarr in and out for Weft, without a start; NIfTI with the start by phase correlation for peers."""
    paths = [data / "easifish" / f"{name}.ome.zarr" for name in ("fixed", "moving")]
    spacing = (1.84, 1.84, 1.68)
    arrays = [numpy.asarray(zarr.open_group(str(path), mode="r")["0"][:]).T for path in paths]
    for name, array in zip(("fixed", "moving"), arrays):
        nibabel.save(nibabel.Nifti1Image(array, numpy.diag([*spacing, 1.0])), folder / f"{name}.nii")
    shift = translation(*arrays)
    # Physical x and y of ITK run against those of NIfTI.
    world = [n * step for n, step in zip(shift, spacing)]
    write_translation(folder / "start.txt", [-world[0], -world[1], world[2]])
    numpy.savetxt(folder / "start.mat", [[1, 0, 0, world[0]], [0, 1, 0, world[1]], [0, 0, 1, world[2]], [0, 0, 0, 1]])
    start = {"ANTS_INIT": str(folder / "start.txt"), "GREEDY_INIT": f"-ia {folder / 'start.mat'}"}
    runs = [("weft", []), ("weft, 8 blocks", ["--chunk-size", "80,128,240"])]
    return Case("easifish", folder, *paths, runs, peer_start=start, peers=("greedy", "ants"))


def brain(folder, data):
    paths = [data / "brain" / f"{name}.nii.gz" for name in ("fixed", "moving")]
    for path in paths:
        link(path, folder / path.name)
    return Case("brain", folder, *paths)


def mouse(folder, data):
    """TIFF for Weft: a brain and its warped copy."""
    warp_copy(data / "mouse" / "brain.tif", folder, 5, (271, 193, 270))
    paths = [folder / f"{name}.tif" for name in ("fixed", "moving")]
    for path in paths:
        array = numpy.asarray(nibabel.load(path.with_suffix(".nii")).dataobj)
        tifffile.imwrite(path, numpy.ascontiguousarray(array.T), photometric="minisblack")
    return Case("mouse", folder, *paths)


def histology(folder, data):
    """Two stains, colour, with landmarks; peers get gray NIfTI."""
    from skimage.io import imread

    paths = sorted((data / "histology").glob("*.jpg"))
    points = []
    for path, name in zip(paths, ("fixed", "moving")):
        gray = imread(path)[..., :3] @ [0.2126, 0.7152, 0.0722]
        nibabel.save(nibabel.Nifti1Image(gray.T.astype(numpy.float32), numpy.eye(4)), folder / f"{name}.nii")
        rows = list(csv.DictReader(open(path.with_suffix(".csv"))))
        points.append(numpy.array([(float(row["X"]), float(row["Y"])) for row in rows]))
    count = min(len(p) for p in points)
    return Case("histology", folder, *paths, landmarks=tuple(p[:count] for p in points), peers=("ants",))


def link(source, target):
    if not target.exists():
        target.symlink_to(source)


def translation(fixed, moving):
    """Voxels by which a point of the fixed image must be moved to lie in the moving one, by phase correlation; the sign is tried."""
    from scipy.fft import irfftn, rfftn

    shape = [max(pair) for pair in zip(fixed.shape, moving.shape)]
    spectra = []
    for array in (fixed, moving):
        values = array.astype(numpy.float32)
        values = numpy.log1p(values) - numpy.log1p(values).mean()
        spectra.append(rfftn(numpy.pad(values, [(0, n - m) for n, m in zip(shape, values.shape)])))
    product = spectra[1] * numpy.conj(spectra[0])
    peak = irfftn(product / numpy.maximum(numpy.abs(product), 1e-6), shape)
    at = numpy.unravel_index(numpy.argmax(peak), shape)
    return [int(i) if i <= n // 2 else int(i) - n for i, n in zip(at, shape)]


def write_translation(path, offset):
    numbers = " ".join(repr(float(v)) for v in offset)
    path.write_text(
        "#Insight Transform File V1.0\n#Transform 0\nTransform: AffineTransform_double_3_3\n"
        f"Parameters: 1 0 0 0 1 0 0 0 1 {numbers}\nFixedParameters: 0 0 0\n"
    )


if __name__ == "__main__":
    # cases.py WORK CASES: makes them, and prints the folder of each.
    for name in chosen(sys.argv[2]):
        made = make(name, Path(sys.argv[1]).resolve())
        if made is not None:
            print(f"{made.name}\t{made.folder}\t{made.fixed}\t{made.moving}")
