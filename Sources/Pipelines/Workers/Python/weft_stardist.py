# SPDX-License-Identifier: Apache-2.0
"""StarDist in 2D and 3D on tiles, for Weft."""

import weft_worker  # first: it keeps standard output free of what others print

import json
import os
from pathlib import Path

from weft_worker import InputError

# What depends on the tile or on what Weft knows better.
RESERVED = ("img", "axes", "normalizer", "return_labels", "return_predict", "show_tile_progress")


def start(init):
    global model
    weft_worker.refuse_downloads()
    folder = find_model(init.get("model"))
    config = json.loads((folder / "config.json").read_text())
    rank = config.get("n_dim", 2)
    if init.get("rank") not in (None, rank):
        raise InputError(f"the model {folder.name} is for {rank}D images, the image is {init['rank']}D", "choose a model of as many axes")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if not init.get("gpu"):
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    try:
        from stardist import models
    except ImportError as error:
        raise InputError(
            f"StarDist cannot be imported: {error}", "install it (`pip install stardist tensorflow`), or name a Python that has it by --python"
        )
    prepare(init)
    model = getattr(models, f"StarDist{rank}D")(None, name=folder.name, basedir=str(folder.parent))
    weft_worker.checked_settings(model.predict_instances, init.get("settings") or {}, RESERVED)
    axes = "ZYX"[-rank:]
    versions = weft_worker.package_versions("stardist", "csbdeep", "tensorflow", "tensorflow-cpu", "keras", "numpy")
    channels = config.get("n_channel_in", 1)
    return {
        "name": f"StarDist {rank}D, model {folder.name}",
        "version": versions.get("stardist", ""),
        "packages": versions,
        "ranks": [rank],
        "channels": [channels, channels],
        "stride": [int(n) for n in model._axes_div_by(axes)],
        "receptive_field": [int(n) for n in model._axes_tile_overlap(axes)],
        "fixed_bytes": 700_000_000,
        "bytes_per_voxel": 260,
    }


def prepare(init):
    """Threads, and a graphics processor that is there."""
    if not (init.get("threads") or init.get("gpu")):
        return
    import tensorflow

    if init.get("threads"):
        tensorflow.config.threading.set_intra_op_parallelism_threads(init["threads"])
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    if init.get("gpu"):
        devices = tensorflow.config.list_physical_devices("GPU")
        if not devices:
            raise InputError("TensorFlow finds no graphics processor", "leave out --gpu, or install the tensorflow that fits the machine's driver")
        for device in devices:
            tensorflow.config.experimental.set_memory_growth(device, True)


def find_model(name):
    """The folder of a model: a path, or the name of a model that Keras has cached. Never downloaded: a missing one is an error."""
    hint = "Weft downloads no model: fetch it once with StarDist itself, or name a folder with config.json and weights by --model"
    if not name:
        raise InputError("StarDist needs a model", "name its folder, or a model that Keras has cached, by --model")
    cache = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"
    folder = Path(name)
    if not (folder / "config.json").is_file():
        if folder.exists():
            raise InputError(f"{name} is no model of StarDist: it holds no config.json", hint)
        found = []
        if os.sep not in name:
            for kind in ("StarDist2D", "StarDist3D"):
                found += sorted(p.parent for p in (cache / kind).glob(f"{name}*/**/config.json") if name_of(p.parent, cache / kind) == name)
        if not found:
            there = sorted({name_of(p, p.parent) for kind in ("StarDist2D", "StarDist3D") for p in (cache / kind).glob("*") if p.is_dir()})
            held = f"{cache} holds " + (", ".join(there) if there else "no model of StarDist")
            raise InputError(f"there is no model {name}: it is no folder, and {held}", hint)
        folder = found[0]
    if not any(folder.glob("*.h5")) and not any(folder.glob("*.hdf5")):
        raise InputError(f"the model {folder} holds no weights (*.h5)", "copy the whole folder of the model, as StarDist wrote it")
    return folder.resolve()


def name_of(folder, kind):
    """The name that a cached model's folder stands for: archives are unpacked in several ways."""
    first = folder.relative_to(kind).parts[0] if kind in folder.parents else folder.name
    return first[: -len("_extracted")] if first.endswith("_extracted") else first


def segment(image, info):
    image = info.normalised(image)
    if info.has_channels:
        image = image.transpose(*range(1, image.ndim), 0)
    axes = ("ZYX" if "z" in info.axes else "YX") + ("C" if info.has_channels else "")
    settings = {key: tuple(value) if isinstance(value, list) else value for key, value in info.settings.items()}
    labels, _ = model.predict_instances(image, axes=axes, normalizer=None, show_tile_progress=False, **settings)
    return labels


if __name__ == "__main__":
    weft_worker.serve(segment, start=start)
