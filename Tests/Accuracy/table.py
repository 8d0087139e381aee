# SPDX-License-Identifier: Apache-2.0
"""The table of results: a Markdown row for each case and program."""

import json
import statistics

import cases
from peers import PEERS

HEAD = (
    "| case | program | median / mean / 95 % error, voxels | NCC | LNCC | folding | least Jacobian | wall s | CPU s | imports, wall / CPU s "
    "| peak MB | Weft ÷ peer: median, mean, 95 % error; CPU; peak |"
)
ERRORS = ("epe_med_fg", "epe_mean_fg", "epe_p95_fg")


def row(record, weft=None):
    def number(key, digits=3):
        return f"{record[key]:.{digits}f}" if key in record else "–"

    def ratio(key):
        return f"{weft[key] / record[key]:.2f}" if key in weft and record.get(key) else "–"

    if "landmark_median" in record:
        errors = f"median {record['landmark_median']:.2f} %, largest {record['landmark_max']:.2f} % of the diagonal"
    else:
        errors = " / ".join(number(key) for key in ERRORS) if ERRORS[0] in record else "–"
    ratios = ""
    if weft and record["tool"] in PEERS:
        keys = ["landmark_median"] if "landmark_median" in record else ERRORS
        ratios = "; ".join([", ".join(ratio(key) for key in keys), ratio("cpu"), ratio("peak")])
    folding = f"{record['fold_pct']:.4f} %" if "fold_pct" in record else "–"
    imports = f"{number('import_wall', 1)} / {number('import_cpu', 1)}" if "import_cpu" in record else "–"
    cells = [record["case"], record["tool"], errors, number("ncc_fg"), number("lncc_fg"), folding, number("jac_min", 2)]
    cells += [number("wall", 1), number("cpu", 1), imports, f"{record['peak'] / 1e6:.0f}" if "peak" in record else "–", ratios]
    return "| " + " | ".join(cells) + " |"


def median(records):
    """The median of each number of some repeats."""
    numbers = {k for r in records for k, v in r.items() if isinstance(v, (int, float))}
    return records[-1] | {k: statistics.median(r[k] for r in records if k in r) for k in numbers}


def show(work):
    """Prints medians of the last series of each run, with Weft's error, CPU time and memory as parts of each peer's."""
    if not (work / "results.jsonl").exists():
        raise SystemExit(f"error: {work} holds no results\n\nhint: run it without --table first, or name another folder as --work")
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
    counts = sorted({len(records) for records in series.values()})
    dates = sorted({r["date"] for records in series.values() for r in records})
    print("\n".join(lines))
    print(f"\n{dates[0]}{f' to {dates[-1]}' if len(dates) > 1 else ''}; medians of {', '.join(map(str, counts))}, in turn")
