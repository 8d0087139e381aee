# SPDX-License-Identifier: Apache-2.0
"""Cellpose 3 and 4 on tiles, for Weft."""

import weft_worker  # first: it keeps standard output free of what others print

import inspect
import os
from pathlib import Path

from weft_worker import InputError

# What depends on the tile or on what Weft knows better.
RESERVED = ("x", "normalize", "channel_axis", "z_axis", "progress", "compute_masks", "invert", "rescale")
NAMES = {3: ["cyto3"], 4: ["cpsam_v2", "cpsam"]}


def start(init):
    global model, generation
    weft_worker.refuse_downloads()
    try:
        from cellpose import models
    except ImportError as error:
        raise InputError(f"Cellpose cannot be imported: {error}", "install it (`pip install cellpose`), or name a Python that has it by --python")
    if init.get("threads"):
        import torch

        torch.set_num_threads(init["threads"])
    versions = weft_worker.package_versions("cellpose", "torch", "numpy")
    generation = 3 if "channels" in inspect.signature(models.CellposeModel).parameters else major(versions, models)
    path = find_model(init.get("model"), generation)
    if init.get("gpu") and not has_gpu():
        raise InputError("Cellpose finds no graphics processor", "leave out --gpu, or install the torch that fits the machine's driver")
    try:
        model = models.CellposeModel(gpu=bool(init.get("gpu")), pretrained_model=str(path))
    except Exception as error:
        if isinstance(error, (MemoryError, InputError)) or "out of memory" in str(error).lower():
            raise
        reason = (str(error).strip().splitlines() or [""])[0][:200]
        raise InputError(
            f"{path} cannot be loaded as a model of Cellpose {generation}: {type(error).__name__}: {reason}",
            "name the file of a model by --model: one of Cellpose's own, or one trained with this version of it",
        ) from error
    weft_worker.checked_settings(model.eval, init.get("settings") or {}, RESERVED)
    return {
        "name": f"Cellpose {generation}, model {path.name}",
        "version": versions.get("cellpose", ""),
        "packages": versions,
        "channels": [1, 2] if generation == 3 else [1, 3],
        "fixed_bytes": 1_200_000_000 if generation == 3 else 3_000_000_000,
        "bytes_per_voxel": 80 if init.get("rank") == 2 else 160,
    }


def major(versions, models):
    """3 or 4, by the package's version; where that is not known, by what the models are called."""
    text = versions.get("cellpose", "")
    if text[:1].isdigit():
        number = int(text.split(".")[0])
        if number < 3:
            raise InputError(f"Cellpose {text} is too old", "Weft calls Cellpose 3 and 4")
        return min(number, 4)
    return 4 if "cpsam" in getattr(models, "MODEL_NAMES", []) else 3


def has_gpu():
    import torch

    return torch.cuda.is_available() or (hasattr(torch.backends, "mps") and torch.backends.mps.is_available())


def find_model(name, generation):
    """The file of a model: a path, or a name in the cache of Cellpose. Never downloaded: a missing one is an error."""
    stated = os.environ.get("CELLPOSE_LOCAL_MODELS_PATH")
    cache = Path(stated) if stated else Path.home() / ".cellpose" / "models"
    if name and Path(name).is_file():
        return Path(name).resolve()
    wanted = [name] if name else NAMES[generation]
    for candidate in wanted:
        if os.sep in candidate:
            continue
        for file in (cache / candidate, cache / f"{candidate}torch_0"):
            if file.is_file():
                return file
    there = sorted(f.name for f in cache.iterdir() if f.is_file() and f.suffix not in (".npy", ".txt")) if cache.is_dir() else []
    held = f"{cache} holds " + (", ".join(there) if there else "no model")
    hint = "Weft downloads no model: fetch it once with Cellpose itself, or name a file or a model of that folder by --model"
    if name is None:
        raise InputError(f"Cellpose's own model {NAMES[generation][0]} is not there: {held}", hint)
    raise InputError(f"there is no model {name}: it is no file, and {held}", hint)


def segment(image, info):
    settings = dict(info.settings)
    known = inspect.signature(model.eval).parameters
    image = info.normalised(image)
    rank = 3 if "z" in info.axes else 2
    shape = info.shape[-rank:]
    arguments = {"normalize": False}
    if generation == 3:
        arguments["channels"] = [1, 2] if info.has_channels else [0, 0]
    if rank == 3:
        if info.has_channels:
            image = image.transpose(1, 2, 3, 0)
            arguments["channel_axis"] = 3
        arguments["z_axis"] = 0
        arguments["do_3D"] = not settings.get("stitch_threshold")
        arguments["anisotropy"] = info.spacing[0] / info.spacing[-1]
    elif info.has_channels:
        arguments["channel_axis"] = 0
    if info.diameter:
        arguments["diameter"] = sum(info.diameter[-2:]) / 2
    if "max_size_fraction" in known:
        # Cellpose drops what fills 0.4 of the image; of a tile that would depend on the tiles.
        arguments["max_size_fraction"] = 1.0
    arguments.update(settings)
    labels = model.eval(image, **arguments)[0]
    # Axes of one voxel are dropped on the way.
    return labels.reshape(shape) if labels.size == image.size // (image.shape[-1] if rank == 3 and info.has_channels else 1) else labels


if __name__ == "__main__":
    weft_worker.serve(segment, start=start)
