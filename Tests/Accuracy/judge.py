# SPDX-License-Identifier: Apache-2.0
"""judge.py CASE OUT: prints what the shared evaluation tells of the map `OUT/T.npy` on the pair in the folder CASE, as JSON."""

import json
import sys
from pathlib import Path

import cases
import maps

folder = Path(sys.argv[1])
print(json.dumps(maps.evaluate(cases.Case(folder.name, folder, folder, folder), Path(sys.argv[2]))))
