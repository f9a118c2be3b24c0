#!/usr/bin/env python3
"""Saccade and its peers on the same work, in turn, in one run; with the targets, and a record.

usage: benchmarks/compare.py [--bin build/release/bin] [--python PYTHON] [--threads 2] [--rounds 7] [--cases REGEX]

Every peer measures a case in a process of its own; the processes take turns, so that a machine that changes its
speed changes it for all. PyTorch, ONNX Runtime and OpenVINO are looked for in PYTHON; what is missing, oneDNN too, is
left out with a sentence. Needs nothing but Python and the programs of a release build. docs/benchmarks.md says what
the numbers mean.
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
CONVOLUTIONS = [f"conv{side}_{direction}" for side in (112, 56, 28)
                for direction in ("forward", "backward_data", "backward_weights")]
NETWORKS = ["sa_net_training", "paper_training", "sa_net_inference", "paper_inference", "sa_net_inference_bf16",
            "paper_inference_bf16", "efficientnet_training", "efficientnet_inference"]
# Peers that run the network which PyTorch has exported, and their modules in Python.
RUNTIMES = {"ONNX Runtime": "onnxruntime", "OpenVINO": "openvino"}

# (case, peer, at least this many times as fast, at most this share of its memory or None)
TARGETS = [(case, other, least, None) for case in CONVOLUTIONS
           for other, least in (("PyTorch", 2.5), ("oneDNN Winograd", 1.1))]
TARGETS += [("sa_net_training", "PyTorch", 3.5, 0.4), ("paper_training", "PyTorch", 3.5, 0.35),
            ("sa_net_inference", "PyTorch", 3.0, None), ("paper_inference", "PyTorch", 3.0, None),
            ("sa_net_inference_bf16", "PyTorch", 1.0, None), ("paper_inference_bf16", "PyTorch", 1.0, None),
            ("efficientnet_training", "PyTorch", 2.0, None), ("efficientnet_inference", "PyTorch", 1.5, None),
            ("efficientnet_inference", "ONNX Runtime", 1.0, None), ("efficientnet_inference", "OpenVINO", 1.0, None),
            ("cold_start", "PyTorch", 10.0, None)]
OURS = "Saccade"


def say(line):
    print(line, file=sys.stderr, flush=True)


class Peer:
    """A process that measures one case once for every line it is sent."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=os.environ | environment)
        self.about = self.answer()
        self.seconds, self.processor_seconds = [], []

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{' '.join(map(str, self.process.args))}: ended early")
        return json.loads(line)

    def measure(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        answer = self.answer()
        self.seconds.append(answer["seconds"])
        self.processor_seconds.append(answer["processor_seconds"])

    def finish(self):
        self.process.stdin.close()
        memory = self.answer()
        self.process.wait()
        return {"library": self.about["library"], "median_seconds": statistics.median(self.seconds),
                "seconds": self.seconds, "median_processor_seconds": statistics.median(self.processor_seconds),
                "processor_seconds": self.processor_seconds, "peak_bytes": memory["peak_bytes"],
                "bytes": memory["peak_bytes"] - memory["start_bytes"]}


class Comparison:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.bin = options.bin.resolve()
        if not (self.bin / "peer_benchmark").exists():
            sys.exit(f"compare.py: no peer_benchmark in {options.bin}; build the preset release first")
        # Freed memory is kept: PyTorch then faults its pages in once, not in every step.
        keep = {"MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TRIM_THRESHOLD_": "4294967296"}
        self.environment = {"OMP_NUM_THREADS": str(options.threads)}
        self.pytorch_environment = self.environment | (keep if options.tuned_malloc else {})
        self.python = self.options.python if self.finds("PyTorch", "torch") else None
        self.runtimes = {}  # and their models, once they are needed
        self.onednn = self.bin / "onednn_benchmark"
        if not self.onednn.exists():
            say("oneDNN is left out: the build has no onednn_benchmark (libdnnl-dev was not found)")
            self.onednn = None

    def finds(self, peer, module):
        """Whether PYTHON can import it."""
        try:
            found = subprocess.run([self.options.python, "-c", f"import {module}"], capture_output=True)
        except OSError as error:
            say(f"{peer} is left out: {error}")
            return False
        if found.returncode != 0:
            say(f"{peer} is left out: {self.options.python} cannot import {module} (--python names another)")
        return found.returncode == 0

    def find_runtimes(self):
        """The network in a file, and who runs such files."""
        if not self.python:
            return say("ONNX Runtime and OpenVINO are left out: without PyTorch nobody writes the network for them")
        model = self.folder / "efficientnet.onnx"
        command = [self.python, HERE / "peers" / "efficientnet_lite.py", model]
        written = subprocess.run(command, capture_output=True, text=True)
        if written.returncode != 0:
            last = (written.stderr.strip().splitlines() or ["no word why"])[-1]
            return say(f"ONNX Runtime and OpenVINO are left out: PyTorch did not write the network: {last}")
        self.runtimes = {peer: model for peer, module in RUNTIMES.items() if self.finds(peer, module)}

    def commands(self, case):
        """Command and environment of every peer of a case."""
        threads = ["--threads", str(self.options.threads)]
        found = {OURS: ([self.bin / "peer_benchmark", self.our_case(case), *threads], {})}
        if self.python:
            script = HERE / "peers" / "pytorch_benchmark.py"
            found["PyTorch"] = ([self.python, script, case, *threads], self.pytorch_environment)
        if self.onednn and case in CONVOLUTIONS:
            found["oneDNN Winograd"] = ([self.onednn, case, "winograd"], self.environment)
        if case == "efficientnet_inference":
            if not self.runtimes:
                self.find_runtimes()
            for peer, model in self.runtimes.items():
                script = HERE / "peers" / "onnx_benchmark.py"
                found[peer] = ([self.options.python, script, RUNTIMES[peer], model, *threads], self.environment)
        return found

    def our_case(self, case):
        """Ours in single precision where this build or this processor has no bf16."""
        if not case.endswith("_bf16"):
            return case
        probe = subprocess.run([self.bin / "peer_benchmark", case], stdin=subprocess.DEVNULL, capture_output=True)
        if probe.returncode == 0:
            return case
        say(f"{case}: Saccade has no bf16 here and is measured in single precision")
        return case.removesuffix("_bf16")

    def run_case(self, case):
        say(f"measuring {case}")
        peers = {}
        for name, (command, environment) in self.commands(case).items():
            try:
                peers[name] = Peer(command, environment)
            except RuntimeError as error:
                say(f"{case}: {name} is left out: {error}")
        for _ in range(self.options.rounds):
            for peer in peers.values():
                peer.measure()
        return {name: peer.finish() for name, peer in peers.items()}

    def run_cold_start(self, folder):
        """From the start of the process to the answer for one PNG: the checkpoint is loaded, the image decoded."""
        say("measuring cold_start")
        tissue, run = folder / "tissue", folder / "run"
        quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([self.bin / "saccade", "tissue", "--out", tissue, "--patients", "2", "--images", "1"], **quiet)
        subprocess.run([self.bin / "saccade", "train", "--data", tissue, "--out", run, "--preset", "paper", "--epochs", "1",
                        "--batch", "2", "--split", "all", "--threads", str(self.options.threads)], **quiet)
        checkpoint, image = run / "checkpoint.safetensors", min(tissue.rglob("*.png"))
        commands = {OURS: [self.bin / "saccade", "classify", "--checkpoint", checkpoint, "--json", image, "--threads",
                           str(self.options.threads)]}
        if self.python:
            commands["PyTorch"] = [self.python, HERE / "peers" / "pytorch_classify.py", checkpoint, image, "--threads",
                                   str(self.options.threads)]
        seconds = {name: [] for name in commands}
        answers = {}
        for turn in range(self.options.rounds + 1):
            for name, command in commands.items():
                start = time.perf_counter()
                output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                if turn:  # the first one fills the disk's cache
                    seconds[name].append(time.perf_counter() - start)
                answers[name] = list(json.loads(output)["probabilities"].values())
        apart = max(abs(a - b) for answer in answers.values() for a, b in zip(answer, answers[OURS]))
        if apart > 1e-3:
            sys.exit(f"compare.py: the peers' answers differ by {apart}: they do not run the same network")
        return {name: {"library": name, "median_seconds": statistics.median(times), "seconds": times,
                       "answers_differ_by": apart} for name, times in seconds.items()}

    def run_attention(self, folder):
        """The report of attention_benchmark on the preset paper."""
        path = folder / "attention.json"
        command = [self.bin / "attention_benchmark", "--preset", "paper", "--threads", str(self.options.threads),
                   "--repeats", str(self.options.rounds), "--json", path]
        if self.options.figure:
            command += ["--figure", self.options.figure]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return json.loads(path.read_text())


def ratios(cases):
    """What the targets ask of the cases that were measured: rows of name, figure, target, whether it is met."""
    rows = []
    for case, other, least, memory in TARGETS:
        results = cases.get(case, {})
        if OURS not in results or other not in results:
            continue
        speed = results[other]["median_seconds"] / results[OURS]["median_seconds"]
        rows.append({"case": case, "against": other, "what": "times as fast", "figure": speed, "target": least,
                     "met": speed >= least})
        if memory:
            share = results[OURS]["bytes"] / results[other]["bytes"]
            rows.append({"case": case, "against": other, "what": "of its memory", "figure": share, "target": memory,
                         "met": share <= memory})
    return rows


def gigapixel_row(attention):
    points = attention["sweeps"]["image"]
    ratio = points[-1]["inference"]["seconds_per_image"] / points[0]["inference"]["seconds_per_image"]
    return {"case": "gigapixel", "against": "0.3 megapixels", "what": "of its time", "figure": ratio, "target": 1.1,
            "met": ratio <= 1.1}


def print_cases(cases):
    names = [OURS, "PyTorch", "oneDNN Winograd", *RUNTIMES]

    def times_of(what):
        shown = [f"{1e3 * results[name][what]:.2f}" if what in results.get(name, {}) else "-" for name in names]
        return "".join(f"{text:>18}" for text in shown)

    print(f"{'milliseconds':26}" + "".join(f"{name:>18}" for name in names) + f"{'memory, MiB':>26}")
    for case, results in cases.items():
        memory = " / ".join(f"{results[name]['bytes'] / 2**20:.0f}" for name in names if "bytes" in results.get(name, {}))
        print(f"{case:26}{times_of('median_seconds')}{memory:>26}")
        if any("median_processor_seconds" in result for result in results.values()):
            print(f"{'  of the processor':26}{times_of('median_processor_seconds')}")
    print()


def print_ratios(rows):
    for row in rows:
        print(f"{row['case']:26}{row['figure']:8.2f} {row['what']:14} {row['against']:18} target {row['target']:<6}"
              + ("met" if row["met"] else "MISSED"))
    print(f"\n{sum(row['met'] for row in rows)} of {len(rows)} targets met")


def processor():
    with open("/proc/cpuinfo") as lines:
        return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, default=HERE.parent / "build/release/bin", help="our programs")
    parser.add_argument("--python", default=sys.executable,
                        help="a Python with PyTorch, ONNX Runtime (and onnxscript) and OpenVINO; for cold_start also "
                             "with safetensors and Pillow")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7, help="measurements of each case, of which the median counts")
    parser.add_argument("--cases", default=".*", help="a regular expression: which cases")
    parser.add_argument("--figure", type=pathlib.Path, help="PNG file for attention_benchmark's picture")
    parser.add_argument("--record", type=pathlib.Path, default=HERE.parent / "docs/records/benchmarks", help="folder for the record")
    parser.add_argument("--no-record", action="store_true", help="only print")
    parser.add_argument("--plain-malloc", dest="tuned_malloc", action="store_false",
                        help="let PyTorch give memory back between steps: less of it, more time")
    options = parser.parse_args()
    if options.threads < 1 or options.rounds < 1:
        parser.error("--threads and --rounds must be at least 1")
    wanted = [case for case in [*CONVOLUTIONS, *NETWORKS, "cold_start", "attention"] if re.search(options.cases, case)]
    if not wanted:
        parser.error(f"no case matches {options.cases}")
    cases, attention = {}, None
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(options, pathlib.Path(folder))
        for case in wanted:
            if case == "cold_start":
                cases[case] = comparison.run_cold_start(comparison.folder)
            elif case == "attention":
                attention = comparison.run_attention(comparison.folder)
            else:
                cases[case] = comparison.run_case(case)
    rows = ratios(cases) + ([gigapixel_row(attention)] if attention else [])
    print_cases(cases)
    print_ratios(rows)
    if options.no_record:
        return
    name = re.sub(r"[^a-z0-9]+", "-", processor().lower()).strip("-")
    path = options.record / f"{datetime.date.today()}-{name}.json"
    record = {"format": "saccade comparison 1", "processor": processor(), "threads": options.threads,
              "rounds": options.rounds, "tuned_malloc": options.tuned_malloc, "targets": rows, "cases": cases,
              "attention": attention}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1) + "\n")
    say(f"wrote {path}")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"compare.py: {' '.join(map(str, error.cmd))} failed: {error.stderr or 'see above'}")
    except KeyboardInterrupt:
        sys.exit("compare.py: interrupted")
