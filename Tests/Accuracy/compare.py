# SPDX-License-Identifier: Apache-2.0
"""Registers known pairs by Weft and by peers, in turn, and prints accuracy, time and peak memory as a Markdown table of medians.

CPU seconds are user + system time of the whole process with its children, peak memory is its largest resident set. What a peer spends on
importing its libraries is measured apart and taken off. All maps are evaluated by the same script (see maps.py). Each result is a line of
results.jsonl in the work folder; `--table` prints what lies there. Called by `weft-benchmarks registration` and `weft-benchmarks block`.
"""

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path

import numpy

import cases
import maps
import peers
import table
from measured import measured


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


def run_peer(name, case, out):
    result = peers.run(peers.PEERS[name], case.folder, out, case.peer_start)
    if case.landmarks is not None:
        result |= landmark_errors(case, maps.ants_landmarks(case, out))
    else:
        maps.peer_map(peers.PEERS[name].name, case.folder, out)
        result |= maps.evaluate(case, out)
        (out / "T.npy").unlink()
    return result


def keep(work, case, tool, repeat, result):
    record = {k: v for k, v in result.items() if k != "dice"} | {"case": case.name, "tool": tool, "repeat": repeat, "date": time.strftime("%F")}
    with open(work / "results.jsonl", "a") as file:
        file.write(json.dumps(record) + "\n")
    print(table.row(record), file=sys.stderr, flush=True)


def one_turn(case, repeat, arguments, names):
    """Everything once on one case."""
    work = arguments.work
    more = arguments.options.split()
    before = landmark_errors(case, case.landmarks[0]) if case.landmarks is not None else maps.evaluate(case, "identity")
    keep(work, case, "none", repeat, before)
    for tool, options in [] if arguments.without_weft else case.runs:
        tool += f", `{arguments.options}`" if more else ""
        out = work / "runs" / case.name / tool.replace(" ", "_").replace("`", "").replace(",", "")
        keep(work, case, tool, repeat, run_weft(arguments.weft, case, options + more, out))
    for peer in names:
        if any(peer.startswith(name) for name in case.peers):
            keep(work, case, peer, repeat, run_peer(peer, case, work / "runs" / case.name / peer))
        elif repeat == 0:
            print(f"skipped: {peer} on {case.name}, which its script cannot run", file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", default=",".join(cases.NAMES), help="joined by commas; seedN for any N, or a folder with a NIfTI pair")
    parser.add_argument("--peers", default="greedy,elastix,ants", help=f"some of {','.join(peers.PEERS)}, or none")
    parser.add_argument("--repeat", type=int, default=3, help="turns, of which the median is printed")
    parser.add_argument("--turn", type=int, help="only this turn, from 0: for a caller that takes turns itself")
    parser.add_argument("--without-weft", action="store_true", help="peers alone")
    parser.add_argument("--weft", default=os.environ.get("WEFT"), help="the tool (default: the package's release build)")
    parser.add_argument("--work", type=Path, default=cases.PACKAGE / ".build/accuracy", help="where pairs and results lie")
    parser.add_argument("--options", default="", help="more options for every run of weft, as \"--metric mi\"")
    parser.add_argument("--table", action="store_true", help="only print what the work folder holds")
    arguments = parser.parse_args()
    arguments.work = arguments.work.resolve()
    arguments.work.mkdir(parents=True, exist_ok=True)
    if arguments.table:
        return table.show(arguments.work)
    names = peers.chosen(arguments.peers, peers.PEERS)
    wanted = cases.chosen(arguments.cases)
    for repeat in range(arguments.repeat) if arguments.turn is None else [arguments.turn]:
        for name in wanted:
            case = cases.make(name, arguments.work)
            if case is not None:
                one_turn(case, repeat, arguments, names)
    if arguments.turn is None:
        table.show(arguments.work)


if __name__ == "__main__":
    main()
