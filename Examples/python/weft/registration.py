# SPDX-License-Identifier: Apache-2.0
"""Registration, and the application of what it found."""

import os
import pathlib
import shutil
import subprocess
import tempfile

import numpy

from ._library import WeftError
from .images import Field, Image


def _tool():
    beside = pathlib.Path(__file__).with_name("weft-tool")
    found = os.environ.get("WEFT") or (beside if beside.exists() else shutil.which("weft"))
    if not found:
        raise WeftError("there is no weft to run\nhint: pip install Examples/python of a clone of Weft, or name one in WEFT")
    return os.fspath(found)


def run(*words, progress=True):
    """Runs `weft` with some words and returns what it prints. Its progress goes to standard error, unless `progress` is False.

    Ends it when Python is interrupted; the same call goes on with the run.
    """
    process = subprocess.Popen(
        [_tool(), *map(os.fspath, words)] + ([] if progress else ["--quiet"]), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    lines = []
    try:
        for line in process.stderr:
            lines.append(line)
            if progress and not line.startswith(("error:", "hint:")):
                print(line, end="", flush=True)
        output = process.stdout.read()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if process.wait() not in (0, 3):
        said = "".join(lines)
        message = said[said.find("error: ") + 7 :] if "error: " in said else said
        raise WeftError(message.strip().replace("\n\nhint: ", "\nhint: "))
    return output


def _words(options):
    """`accuracy="draft", spacing=[2, 1, 1], strict=True` as `--accuracy draft --spacing 2,1,1 --strict`."""
    words = []
    for name, value in options.items():
        name = "--" + name.replace("_", "-")
        if value is True:
            words.append(name)
        elif isinstance(value, (list, tuple)):
            words += [name, ",".join(map(str, value))]
        elif value is not None and value is not False:
            words += [name, os.fspath(value) if isinstance(value, os.PathLike) else str(value)]
    return words


def _written(image, folder, name):
    """The path of an image; an array is written there first, as MetaImage, whose voxels lie one unit apart."""
    if not isinstance(image, numpy.ndarray):
        return os.fspath(image)
    if image.ndim not in (2, 3):
        raise ValueError(f"the {name} image has {image.ndim} axes, and 2 or 3 are registered")
    types = {"uint8": "UCHAR", "int8": "CHAR", "uint16": "USHORT", "int16": "SHORT", "uint32": "UINT", "int32": "INT", "float32": "FLOAT", "float64": "DOUBLE"}
    image = image.astype("uint8") if image.dtype == bool else image
    if image.dtype.name not in types:
        raise ValueError(f"the {name} image is of {image.dtype}, and those of {', '.join(types)} are registered")
    path = pathlib.Path(folder) / f"{name}.mha"
    with open(path, "wb") as file:
        sizes = " ".join(map(str, image.shape[::-1]))
        head = f"ObjectType = Image\nNDims = {image.ndim}\nBinaryData = True\nBinaryDataByteOrderMSB = False\nDimSize = {sizes}\n"
        file.write(f"{head}ElementSpacing = {' '.join(['1'] * image.ndim)}\nElementType = MET_{types[image.dtype.name]}\nElementDataFile = LOCAL\n".encode())
        numpy.ascontiguousarray(image, image.dtype.newbyteorder("<")).tofile(file)
    return os.fspath(path)


class Registration:
    """A finished registration: the folder that `weft register` wrote."""

    def __init__(self, path, held=None):
        self.path, self._held = os.fspath(path), held

    @property
    def image(self):
        """The registered image."""
        found = sorted(pathlib.Path(self.path).glob("registered.*"))
        if not found:
            raise WeftError(f"{self.path} holds no registered image\nhint: give the output folder of a finished registration")
        return Image(found[0])

    @property
    def field(self):
        """The transform."""
        return Field(self.path)

    @property
    def blocks(self):
        """How well each block fits: a dictionary a block, of what blocks.csv says."""
        import csv

        with open(pathlib.Path(self.path) / "blocks.csv", newline="") as file:
            return list(csv.DictReader(file))

    def __repr__(self):
        return f"<weft.Registration {self.path}>"


def register(fixed, moving, output=None, progress=True, **options):
    """Registers one image to another: paths, or arrays (z, y, x), whose spacings are `fixed_spacing` and `moving_spacing`.

    :param output: the folder of the results; a temporary one, which is gone with what is returned, where there is none.
    :param options: those of `weft register`, as accuracy="draft", memory="8GB", executor="slurm".
    """
    held = None if output is not None else tempfile.TemporaryDirectory(prefix="weft-")
    output = held.name + "/out" if held else os.fspath(output)
    # Arrays lie beside the result, which knows its inputs by their paths.
    arrays = [name for name, image in (("fixed", fixed), ("moving", moving)) if isinstance(image, numpy.ndarray)]
    folder = (held.name if held else output + ".inputs") if arrays else None
    if folder:
        os.makedirs(folder, exist_ok=True)
    words = ["register", _written(fixed, folder, "fixed"), _written(moving, folder, "moving"), "--output", output]
    run(*words, *_words(options), progress=progress)
    return Registration(output, held)


def apply(transforms, image, output=None, progress=True, **options):
    """Brings an image (a path) along with a registration (its folder, or what `register` returned); returns the new image.

    :param options: those of `weft apply`, as inverse=True, interpolation="label-vote".
    """
    held = None if output is not None else tempfile.TemporaryDirectory(prefix="weft-")
    output = held.name + "/applied.ome.zarr" if held else os.fspath(output)
    path = transforms.path if isinstance(transforms, Registration) else transforms
    run("apply", "--transforms", path, "--input", image, "--output", output, *_words(options), progress=progress)
    result = Image(output)
    result._held = held
    return result
