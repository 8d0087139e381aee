# SPDX-License-Identifier: Apache-2.0
"""Registers known pairs by Weft and by peers, one after the other, and prints accuracy, CPU time and peak memory as a Markdown table.

    Tests/Accuracy/run seed7 seed8 seed9 easifish brain mouse histology

CPU seconds are user + system time of the whole process with its children, peak memory is its largest resident set: both from GNU
time, since a child of this process would inherit its peak.
All maps are evaluated by the same script (see maps.py). Each result is kept in the work folder; `--table` prints what lies there.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
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


def run_peer(peer, case, out):
    shutil.rmtree(out, ignore_errors=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    environment = {"BENCH_THREADS": "2"} | ({"ANTS_INIT": str(case.peer_start)} if case.peer_start else {})
    result = measured([sys.executable, cases.SHARED / "bench" / "run_peer.py", peer, case.folder, out], out.with_suffix(".log"), environment)
    if case.landmarks is not None:
        result |= landmark_errors(case, maps.ants_landmarks(case, out))
    else:
        maps.ants_map(peer, case, out)
        result |= maps.evaluate(case, out)
        (out / "T.npy").unlink()
    return result


def keep(work, case, tool, repeat, result):
    record = {k: v for k, v in result.items() if k != "dice"} | {"case": case.name, "tool": tool, "repeat": repeat, "date": time.strftime("%F")}
    with open(work / "results.jsonl", "a") as file:
        file.write(json.dumps(record) + "\n")
    print(row(record), flush=True)


HEAD = "| case | run | mean / 95 % error, voxels | NCC | LNCC | folding | least Jacobian | CPU s | peak MB | CPU, peak of peer |"


def row(record, peer=None):
    def number(key, digits=3):
        return f"{record[key]:.{digits}f}" if key in record else "–"

    if "landmark_median" in record:
        error = f"median {record['landmark_median']:.2f} %, largest {record['landmark_max']:.2f} % of the diagonal"
    else:
        error = f"{number('epe_mean_fg')} / {number('epe_p95_fg', 2)}" if "epe_mean_fg" in record else "–"
    ratio = f"{record['cpu'] / peer['cpu']:.2f}, {record['peak'] / peer['peak']:.2f}" if peer and peer is not record and "cpu" in record else ""
    folding = f"{record['fold_pct']:.4f} %" if "fold_pct" in record else "–"
    cells = [record["case"], record["tool"], error, number("ncc_fg"), number("lncc_fg"), folding, number("jac_min", 2), number("cpu", 0)]
    cells += [f"{record['peak'] / 1e6:.0f}" if "peak" in record else "–", ratio]
    return "| " + " | ".join(cells) + " |"


def table(work, peers):
    """The last result of each run, with CPU time and memory as parts of the first peer's."""
    last = {}
    for line in open(work / "results.jsonl"):
        record = json.loads(line)
        last[record["case"], record["tool"]] = record
    lines = [HEAD, "|" + "---|" * (HEAD.count("|") - 1)]
    for name in cases.NAMES:
        records = [r for (case, _), r in last.items() if case == name]
        peer = next((r for r in records if r["tool"] in peers), None)
        lines += [row(r, peer) for r in sorted(records, key=lambda r: (r["tool"] != "none", r["tool"] in peers, r["tool"]))]
    print("\n".join(lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(cases.NAMES) + " (default: all)")
    parser.add_argument("--weft", default=cases.PACKAGE / ".build/release/weft", help="the tool (default: the package's release build)")
    parser.add_argument("--peers", nargs="*", default=["antsSyN"], help="names that the shared run_peer.py knows, from ants… (default: antsSyN)")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--work", type=Path, default=cases.PACKAGE / ".build/accuracy", help="where pairs and results lie")
    parser.add_argument("--options", default="", help="more options for every run of weft, as \"--metric mi\"")
    parser.add_argument("--table", action="store_true", help="only print what the work folder holds")
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    if arguments.table:
        return table(work, arguments.peers)
    more = arguments.options.split()
    for repeat in range(arguments.repeat):
        for name in arguments.cases or cases.NAMES:
            if name not in cases.NAMES:
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
            for peer in arguments.peers:
                keep(work, case, peer, repeat, run_peer(peer, case, work / "runs" / name / peer))
    print()
    table(work, arguments.peers)


if __name__ == "__main__":
    main()
