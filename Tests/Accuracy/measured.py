# SPDX-License-Identifier: Apache-2.0
"""What a program takes, by GNU time: a child of this process would inherit its peak."""

import os
import subprocess
import sys
import time
from pathlib import Path


def measured(command, log, environment=None):
    """Runs a command; seconds and bytes that it took. CPU seconds are user + system time of the process with its children."""
    start = time.monotonic()
    times = Path(f"{log}.time")
    timed = [str(c) for c in ["/usr/bin/time", "-o", times, "-f", "%U %S %M", *command]]
    with open(log, "w") as file:
        code = subprocess.run(timed, stdout=file, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}).returncode
    wall = time.monotonic() - start
    if code != 0:
        print(Path(log).read_text()[-2000:], file=sys.stderr)
        raise SystemExit(f"error: {command[0]} ended with {code}; its output is in {log}")
    user, system, peak = times.read_text().split()
    return {"cpu": float(user) + float(system), "wall": wall, "peak": int(peak) * 1024}
