# SPDX-License-Identifier: Apache-2.0
"""Speaks the worker protocol of Weft, so that a program need only work on tiles.

    import weft_worker
    from skimage.measure import label

    weft_worker.serve(lambda image, info: label(image > info.lohi[0][1] / 2))

Import this module before all others: from then on whatever prints, here or in a library, prints to standard error, and standard
output carries messages only. The protocol is described in Docs/Reference/plugin-workers.md.
"""

import json
import os
import queue
import sys
import threading
import traceback

PROTOCOL = 1

_requests = os.fdopen(os.dup(0), "rb")
_answers = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)
_nothing = os.open(os.devnull, os.O_RDONLY)
os.dup2(_nothing, 0)
os.close(_nothing)
sys.stdout = sys.stderr


class InputError(Exception):
    """A tile, a model or a setting that the program refuses; shown to the user without a traceback."""

    def __init__(self, message, hint=None):
        super().__init__(message)
        self.hint = hint


class Info:
    """What is known of a tile besides its voxels.

    axes      "yx" or "zyx"; with a leading "c" where there are several channels
    shape     lengths along these axes
    lohi      for each channel, the 1st and the 99.8th percentile of the whole image
    spacing   distances between voxels, slowest axis first
    diameter  the user's --diameter in voxels, slowest axis first, or None
    offset    where the tile's first voxel lies in the image, slowest axis first
    settings  the user's --set key=value, as a dict
    model, gpu, threads, rank    what the program was started with
    """

    def __init__(self, init, request):
        self.lohi = request["lohi"]
        self.spacing = request["spacing"]
        self.diameter = request.get("diameter")
        self.offset = request.get("offset")
        self.settings = request.get("settings") or {}
        self.model = init.get("model")
        self.gpu = bool(init.get("gpu"))
        self.threads = init.get("threads")
        self.rank = init.get("rank")
        self.axes = request["axes"]
        self.shape = tuple(request["shape"])
        if self.shape[0] == 1:
            self.axes = self.axes[1:]
            self.shape = self.shape[1:]

    @property
    def has_channels(self):
        """Whether the first axis is one of channels."""
        return self.axes.startswith("c")

    def normalised(self, image):
        """The tile as float32 with the percentiles of the whole image at 0 and 1."""
        import numpy

        image = numpy.asarray(image, dtype=numpy.float32)
        channels = image if self.has_channels else image[None]
        scaled = numpy.stack([(c - lo) / (hi - lo if hi > lo else 1) for c, (lo, hi) in zip(channels, self.lohi)])
        scaled = scaled.astype(numpy.float32, copy=False)
        return scaled if self.has_channels else scaled[0]


def serve(
    segment=None,
    *,
    image=None,
    start=None,
    name=None,
    version="",
    ranks=(2, 3),
    channels=None,
    stride=None,
    receptive_field=None,
    fixed_bytes=0,
    bytes_per_voxel=0,
    packages=None,
):
    """Works on tiles until Weft has no more.

    segment(image, info) returns the labels of a tile: whole numbers, 0 for background, one for every voxel.
    image(image, info) returns an image of a tile, for `weft tiles`; several channels come first.
    start(init) is called once before the first tile, with the message `init` as a dict, as to load a model; it may return a dict
    whose members take the place of the following ones.

    ranks is the spatial axes that the program takes, channels the least and the most channels, stride the voxels to whose multiples
    tiles should begin, receptive_field how far away a voxel can matter: one number for every axis, or one for each.
    fixed_bytes and bytes_per_voxel say how much memory the program needs.
    """
    requests = _reader()
    init = requests.get()
    if init is None or init.get("type") == "shutdown":
        return
    try:
        if init.get("protocol") != PROTOCOL:
            raise InputError(f"Weft speaks version {init.get('protocol')} of the worker protocol, weft_worker version {PROTOCOL}")
        ready = {
            "type": "ready",
            "protocol": PROTOCOL,
            "name": name or os.path.basename(sys.argv[0]) or "python",
            "version": version,
            "ranks": list(ranks),
            "channels": channels,
            "stride": stride,
            "receptive_field": receptive_field,
            "fixed_bytes": fixed_bytes,
            "bytes_per_voxel": bytes_per_voxel,
            "packages": packages or {"python": sys.version.split()[0]},
        }
        ready.update((start(init) if start else None) or {})
    except BaseException as error:
        _send(_described(error, None))
        sys.exit(1)
    _send(ready)
    while True:
        request = requests.get()
        if request is None or request.get("type") == "shutdown":
            return
        identifier = request.get("id")
        try:
            kind = request.get("type")
            function = {"segment": segment, "image": image}.get(kind)
            if function is None:
                raise InputError(
                    f"the program serves no `{kind}` requests",
                    "give `weft_worker.serve` a function for it: the first argument segments, `image=` makes images",
                )
            _send(_worked(function, init, request))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            _send(_described(error, identifier))


def _worked(function, init, request):
    import numpy

    info = Info(init, request)
    tile = numpy.memmap(request["input"], dtype=request["dtype"], mode="c", shape=info.shape)
    result = function(tile, info)
    if result is None or isinstance(result, (tuple, list, dict, str)):
        raise InputError(f"the function returned {type(result).__name__} in place of an array", "return the array alone")
    result = numpy.asarray(result)
    if result.dtype.name == "float16" or result.dtype.name == "longdouble" or result.dtype.name == "float128":
        result = result.astype("float32" if result.dtype.name == "float16" else "float64")
    result = numpy.ascontiguousarray(result.astype(result.dtype.newbyteorder("="), copy=False)).reshape(result.shape)
    if result.dtype.kind not in "buif":
        raise InputError(f"the function returned voxels of dtype {result.dtype}", "return whole numbers, or real numbers for an image")
    result.tofile(request["output"])
    answer = {"type": "result", "id": request["id"], "dtype": result.dtype.name, "shape": list(result.shape)}
    torch = sys.modules.get("torch")
    if info.gpu and torch is not None and torch.cuda.is_available():
        # What the allocator has taken from the processor, not only what tensors fill of it.
        answer["gpu_bytes"] = torch.cuda.max_memory_reserved()
    return answer


def _reader():
    """Messages as they come; None at the end. Where Weft is gone in the middle of a tile, so is this program."""
    messages = queue.Queue()

    def read():
        for line in _requests:
            if not line.strip():
                continue
            message = json.loads(line)
            messages.put(message)
            if message.get("type") == "shutdown":
                return
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return messages


def _send(message):
    try:
        _answers.write(json.dumps(message).encode() + b"\n")
        _answers.flush()
    except BrokenPipeError:
        os._exit(0)


def _described(error, identifier):
    text = str(error)
    name = type(error).__name__
    is_memory = isinstance(error, MemoryError) or name in ("OutOfMemoryError", "ResourceExhaustedError", "_ArrayMemoryError")
    kind = "failure"
    if isinstance(error, InputError):
        kind = "input"
    elif is_memory or "out of memory" in text.lower():
        kind = "oom"
    return {
        "type": "error",
        "id": identifier,
        "kind": kind,
        "message": text if kind == "input" else f"{name}: {text}" if text else name,
        "hint": getattr(error, "hint", None) if kind == "input" else None,
        "traceback": "".join(traceback.format_exception(type(error), error, error.__traceback__))[-65536:],
    }


def checked_settings(function, settings, reserved=()):
    """The settings, once it is sure that the function has all of these arguments and that none of them is Weft's to give."""
    import inspect

    arguments = [p.name for p in inspect.signature(function).parameters.values() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    allowed = sorted(set(arguments) - set(reserved) - {"self"})
    for name in settings:
        if name in reserved:
            raise InputError(f"the setting `{name}` is Weft's to give", "leave it out")
        if name not in allowed:
            raise InputError(f"there is no setting `{name}`", "settings are " + ", ".join(allowed))
    return dict(settings)


def refuse_downloads():
    """Makes the usual ways to the network errors: a model that is not there must not be replaced by another one."""
    import urllib.request

    def refuse(url, *_, **__):
        address = getattr(url, "full_url", url)
        raise InputError(f"the method wants to download {address}", "Weft downloads nothing: fetch it yourself, and name its path by --model")

    os.environ["HF_HUB_OFFLINE"] = "1"
    urllib.request.urlopen = refuse
    urllib.request.urlretrieve = refuse


def package_versions(*names):
    """Versions of Python and of installed packages."""
    from importlib import metadata

    versions = {"python": sys.version.split()[0]}
    for name in names:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            pass
    return versions
