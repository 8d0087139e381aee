# SPDX-License-Identifier: Apache-2.0
"""The peers: how each is run on the pair in a folder, by the shared script `run_peer.py`."""

import shutil
import sys
from dataclasses import dataclass, field

from cases import SHARED
from measured import measured


@dataclass
class Peer:
    # What run_peer.py calls it.
    name: str
    # What it imports before it begins.
    imports: str
    environment: dict = field(default_factory=dict)


GREEDY = "import picsl_greedy"
ANTS = "import ants"
ELASTIX = "import itk; itk.ParameterObject.New(); itk.ElastixRegistrationMethod; itk.imread"
PEERS = {
    "greedy": Peer("greedy_2_100x50x10", GREEDY, {"GREEDY_FLOAT": "1"}),
    "greedyDouble": Peer("greedy_2_100x50x10", GREEDY),
    "elastix": Peer("elastix_NCC_16_1000_8192", ELASTIX),
    "ants": Peer("antsSyN", ANTS),
    "antsCC": Peer("antsCC_2_100x50x10", ANTS),
}
# The affine step alone, from a start that is nowhere near: greedy is given a random search about the image centres, antspyx begins at the
# centres of mass by itself.
AFFINE_PEERS = {
    "greedy": Peer("greedyaff", GREEDY, {"GREEDY_INIT": "-ia-image-centers -search 1000 20 20"}),
    "ants": Peer("antsAff", ANTS),
}


def chosen(names, known):
    """The peers that an option names."""
    peers = [] if names == "none" else names.split(",")
    for peer in peers:
        if peer not in known:
            raise SystemExit(f"error: unknown peer `{peer}`\n\nhint: name some of {', '.join(known)}, joined by commas, or none")
    return peers


def run(peer, folder, out, environment=None):
    """Runs a peer on `folder/fixed.nii*` and `moving.nii*`; what it took, with what its imports took apart."""
    shutil.rmtree(out, ignore_errors=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    environment = {"BENCH_THREADS": "2"} | peer.environment | (environment or {})
    imports = measured([sys.executable, "-c", peer.imports], out.with_suffix(".import.log"), environment)
    result = measured([sys.executable, SHARED / "bench" / "run_peer.py", peer.name, folder, out], out.with_suffix(".log"), environment)
    for key in ("cpu", "wall"):
        result[key] = max(0.0, result[key] - imports[key])
        result[f"import_{key}"] = imports[key]
    return result
