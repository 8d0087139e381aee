# SPDX-License-Identifier: Apache-2.0
"""Registers known pairs by Weft and by peers, in turn, and prints accuracy, time and peak memory as a Markdown table of medians.

    Tests/Accuracy/run seed1 seed2 brain mouse histology --peers greedy,elastix,ants --repeat 3

CPU seconds are user + system time of the whole process with its children, peak memory is its largest resident set: both from GNU
time, since a child of this process would inherit its peak. What a peer spends on importing its libraries is measured apart and taken off.
All maps are evaluated by the same script (see maps.py). Each result is kept in the work folder; `--table` prints what lies there.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy

import cases
import maps


def measured(command, log, environment=None):
    """Runs a command; seconds and bytes that it took."""
    start = time.monotonic()
    times = Path(f"{log}.time")
    timed = ["/usr/bin/time", "-o", times, "-f", "%U %S %M", *command]
    with open(log, "w") as file:
        code = subprocess.run([str(c) for c in timed], stdout=file, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}).returncode
    if code != 0:
        print(Path(log).read_text()[-2000:], file=sys.stderr)
        raise SystemExit(f"error: {command[0]} ended with {code}; its output is in {log}")
    user, system, peak = times.read_text().split()
    return {"cpu": float(user) + float(system), "wall": time.monotonic() - start, "peak": int(peak) * 1024}


def landmark_errors(case, sent):
    """Median and largest distance in per cent of the fixed image's diagonal."""
    import nibabel

    diagonal = float(numpy.hypot(*nibabel.load(case.folder / "fixed.nii").shape[:2]))
    distance = numpy.linalg.norm(sent - case.landmarks[1], axis=1) / diagonal * 100
    return {"landmark_median": float(numpy.median(distance)), "landmark_max": float(distance.max()), "landmarks": len(distance)}


def run_weft(weft, case, options, out):
    shutil.rmtree(out, ignore_errors=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    command = [weft, "register", case.fixed, case.moving, "--output", out, "--threads", "2", "--quiet", *options]
    result = measured(command, out.with_suffix(".log"))
    scratch = out.with_suffix(".map")
    if case.landmarks is not None:
        result |= landmark_errors(case, maps.weft_landmarks(weft, case, out, scratch))
    else:
        maps.weft_map(weft, case, out, scratch)
        result |= maps.evaluate(case, scratch)
    shutil.rmtree(scratch)
    return result


@dataclass
class Peer:
    # What the shared run_peer.py calls it.
    name: str
    # What it imports before it begins.
    imports: str
    environment: dict = field(default_factory=dict)


ELASTIX = "import itk; itk.ParameterObject.New(); itk.ElastixRegistrationMethod; itk.imread"
PEERS = {
    "greedy": Peer("greedy_2_100x50x10", "import picsl_greedy", {"GREEDY_FLOAT": "1"}),
    "greedyDouble": Peer("greedy_2_100x50x10", "import picsl_greedy"),
    "elastix": Peer("elastix_NCC_16_1000_8192", ELASTIX),
    "ants": Peer("antsSyN", "import ants"),
    "antsCC": Peer("antsCC_2_100x50x10", "import ants"),
}


def run_peer(name, case, out):
    """Greedy and elastix take no start and no landmarks: they are given 3D pairs that need none."""
    peer = PEERS[name]
    shutil.rmtree(out, ignore_errors=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    environment = {"BENCH_THREADS": "2"} | peer.environment | ({"ANTS_INIT": str(case.peer_start)} if case.peer_start else {})
    imported = measured([sys.executable, "-c", peer.imports], out.with_suffix(".import.log"), environment)
    script = cases.SHARED / "bench" / "run_peer.py"
    result = measured([sys.executable, script, peer.name, case.folder, out], out.with_suffix(".log"), environment)
    for key in ("cpu", "wall"):
        result[key] -= imported[key]
    if case.landmarks is not None:
        result |= landmark_errors(case, maps.ants_landmarks(case, out))
    else:
        maps.peer_map(peer.name, case, out)
        result |= maps.evaluate(case, out)
        (out / "T.npy").unlink()
    return result


def keep(work, case, tool, repeat, result):
    record = {k: v for k, v in result.items() if k != "dice"} | {"case": case.name, "tool": tool, "repeat": repeat, "date": time.strftime("%F")}
    with open(work / "results.jsonl", "a") as file:
        file.write(json.dumps(record) + "\n")
    print(row(record), flush=True)


HEAD = "| case | run | median / mean / 95 % error, voxels | NCC | LNCC | folding | least Jacobian | wall s | CPU s | peak MB | Weft: error, CPU, peak |"


def row(record, weft=None):
    def number(key, digits=3):
        return f"{record[key]:.{digits}f}" if key in record else "–"

    def ratio(key):
        return f"{weft[key] / record[key]:.2f}" if key in record and key in weft else "–"

    error = "landmark_median" if "landmark_median" in record else "epe_mean_fg"
    if error == "landmark_median":
        errors = f"median {record['landmark_median']:.2f} %, largest {record['landmark_max']:.2f} % of the diagonal"
    else:
        errors = f"{number('epe_med_fg')} / {number('epe_mean_fg')} / {number('epe_p95_fg', 2)}" if "epe_mean_fg" in record else "–"
    ratios = ", ".join(ratio(key) for key in (error, "cpu", "peak")) if weft and record["tool"] in PEERS else ""
    folding = f"{record['fold_pct']:.4f} %" if "fold_pct" in record else "–"
    cells = [record["case"], record["tool"], errors, number("ncc_fg"), number("lncc_fg"), folding, number("jac_min", 2)]
    cells += [number("wall", 0), number("cpu", 0), f"{record['peak'] / 1e6:.0f}" if "peak" in record else "–", ratios]
    return "| " + " | ".join(cells) + " |"


def median(records):
    """The median of each number of some repeats."""
    numbers = {k for r in records for k, v in r.items() if isinstance(v, (int, float))}
    return records[-1] | {k: statistics.median(r[k] for r in records if k in r) for k in numbers}


def table(work):
    """Medians of the last series of each run, with Weft's error, CPU time and memory as parts of each peer's."""
    series = {}
    for line in open(work / "results.jsonl"):
        record = json.loads(line)
        if record["repeat"] == 0:
            series[record["case"], record["tool"]] = []
        series.setdefault((record["case"], record["tool"]), []).append(record)
    lines = [HEAD, "|" + "---|" * (HEAD.count("|") - 1)]
    for name in sorted({case for case, _ in series}, key=cases.order):
        records = [median(r) for (case, _), r in series.items() if case == name]
        weft = next((r for r in records if r["tool"] == "weft"), None)
        lines += [row(r, weft) for r in sorted(records, key=lambda r: (r["tool"] != "none", r["tool"] in PEERS, r["tool"]))]
    print("\n".join(lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(cases.NAMES) + ", or another seed (default: these)")
    parser.add_argument("--weft", default=cases.PACKAGE / ".build/release/weft", help="the tool (default: the package's release build)")
    parser.add_argument("--peers", default="ants", help=f"some of {','.join(PEERS)}, or none (default: ants)")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--work", type=Path, default=cases.PACKAGE / ".build/accuracy", help="where pairs and results lie")
    parser.add_argument("--options", default="", help="more options for every run of weft, as \"--metric mi\"")
    parser.add_argument("--table", action="store_true", help="only print what the work folder holds")
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    if arguments.table:
        return table(work)
    more = arguments.options.split()
    peers = [] if arguments.peers == "none" else arguments.peers.split(",")
    for peer in peers:
        if peer not in PEERS:
            parser.error(f"unknown peer {peer}; known: {', '.join(PEERS)}")
    for repeat in range(arguments.repeat):
        for name in arguments.cases or cases.NAMES:
            if not cases.is_known(name):
                parser.error(f"unknown case {name}; known: {', '.join(cases.NAMES)}")
            case = cases.make(name, work)
            if case is None:
                continue
            before = landmark_errors(case, case.landmarks[0]) if case.landmarks is not None else maps.evaluate(case, "identity")
            keep(work, case, "none", repeat, before)
            for tool, options in case.runs:
                tool += f", `{arguments.options}`" if more else ""
                out = work / "runs" / name / tool.replace(" ", "_").replace("`", "").replace(",", "")
                keep(work, case, tool, repeat, run_weft(arguments.weft, case, options + more, out))
            for peer in peers:
                keep(work, case, peer, repeat, run_peer(peer, case, work / "runs" / name / peer))
    print()
    table(work)


if __name__ == "__main__":
    main()
