#!/usr/bin/env python3
"""The tables of docs/benchmarks.md from a record of benchmarks/gpu_record.sh, as Markdown.

usage: benchmarks/gpu_table.py docs/records/gpu/DATE-DEVICE.json
"""

import json
import statistics
import sys

# (purpose, batch, at least this many times as fast as compiled PyTorch of the same precision)
TARGETS = {("training", 32): 1.5, ("training", 128): 1.5, ("inference", 1): 2.0, ("inference", 128): 1.3}


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def head(*cells):
    return [row(*cells), "|" + "---|" * len(cells)]


def milliseconds(seconds):
    return "-" if seconds is None else f"{1e3 * seconds:.2f}"


def summary(record):
    lines = [f"{record['date']}, {record['gpu']}, commit {record['commit'][:12]}."]
    device = record.get("bandwidth", {}).get("device", {})
    if device:
        lines.append(f"CUDA runtime {device['runtime']}, cuDNN {device['cudnn']}, cuBLAS {device['cublas']}.")
    test = record.get("test")
    if test:
        lines.append(f"Tests: {test['tests']}, of which {test['failed']} failed and {test['skipped']} were skipped.")
    for tool, result in record.get("sanitize", {}).items():
        lines.append(f"{tool}: {result['summary']} (exit code {result['exit_code']}).")
    lines += [f"Left out: {sentence}." for sentence in record.get("left_out", [])]
    return lines


def kernels(record):
    bandwidth = record.get("bandwidth")
    if not bandwidth:
        return []
    lines = [f"Copy: {bandwidth['copy_bytes_per_second'] / 1e9:.0f} GB/s, read and written.", ""]
    lines += head("operation", "format", "ms", "GB/s", "of a copy", "target")
    for result in bandwidth["operations"]:
        share, target = result["share_of_copy"], result["target"]
        wanted = f"{100 * target:.0f} %" + ("" if share >= target else ", missed") if target else ""
        lines.append(row(result["operation"], result["format"], milliseconds(result["seconds"]),
                         f"{result['bytes'] / result['seconds'] / 1e9:.0f}", f"{100 * share:.0f} %", wanted))
    return lines


def our_seconds(record):
    """Of a step, by precision, purpose and batch."""
    found = {}
    for report in record.get("model", []):
        precision = report["backend"].removeprefix("cuda_")
        for purpose in ("training", "inference"):
            found[precision, purpose, report["batch"]] = statistics.median(report[purpose]["batch_seconds"])
        found[precision, "inference", 1] = report["latency"]["median_seconds"]
    return found


def models(record):
    ours = our_seconds(record)
    if not ours:
        return []
    theirs = {(r["precision"], r["purpose"], r["batch"], r["mode"]): r["median_seconds"] for r in record.get("pytorch", [])}
    lines = head("precision", "step", "batch", "Saccade, ms", "PyTorch eager", "compiled", "compiled, graphs",
                 "compiled / Saccade", "target")
    for (precision, purpose, batch), seconds in sorted(ours.items()):
        others = {mode: theirs.get((precision, purpose, batch, mode)) for mode in ("eager", "compiled", "graphs")}
        known = [others[mode] for mode in ("compiled", "graphs") if others[mode] is not None]
        ratio = min(known) / seconds if known else None
        target = TARGETS.get((purpose, batch))
        verdict = "" if target is None else f"{target}" + (", missed" if ratio is not None and ratio < target else "")
        lines.append(row(precision, purpose, batch, milliseconds(seconds), *map(milliseconds, others.values()),
                         "-" if ratio is None else f"{ratio:.2f}", verdict))
    return lines


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    with open(sys.argv[1]) as file:
        record = json.load(file)
    parts = [summary(record), kernels(record), models(record)]
    print("\n\n".join("\n".join(part) for part in parts if part))


if __name__ == "__main__":
    main()
