# SPDX-License-Identifier: Apache-2.0
"""Reads a state as Neuroglancer's own Python module does.

usage: neuroglancer_state.py STATE.json ADDRESS

Prints `skipped` where the module is not installed; else a line a layer: its kind and its name; ends with an error where the state or the
address that holds it is not understood.
"""

import json
import sys

try:
    import neuroglancer
except ImportError:
    print("skipped: Neuroglancer's Python module is not installed")
    sys.exit(0)

with open(sys.argv[1]) as file:
    state = neuroglancer.ViewerState(json.load(file))
shown = neuroglancer.parse_url(sys.argv[2])
assert shown.to_json() == state.to_json(), "the address holds another state"
assert "".join(state.dimensions.names) in ("xy", "xyz") and set(state.dimensions.units) == {"m"}, state.dimensions
for layer in state.layers:
    source = layer.layer.source[0].url
    assert source.startswith("zarr://http://127.0.0.1:"), source
    print(layer.layer.type, layer.name)
