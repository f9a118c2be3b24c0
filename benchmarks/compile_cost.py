#!/usr/bin/env python3
"""What it costs to compile Saccade: processor seconds and peak memory of headers, small programs and a build.

usage: benchmarks/compile_cost.py [--compiler g++] [--flags=-O2] [--only REGEX] [--repeats 1] [--json FILE] [--list]

Every case is one run of the compiler, from source to object file, without ccache; of several repeats the quickest
counts. "alone" is with headers alone, "compiled" as a file that is linked with saccade::compiled. The builds are of the
preset release; their memory is that of their largest process. Processor seconds say little of a machine that others use
at the same time, but more than the clock's. Needs nothing but Python, a compiler and what Saccade itself is built with.
"""

import argparse
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADERS = ["saccade.hpp", "io.hpp", "testing.hpp", "classify.hpp", "backends/eigen/eigen_backend.hpp",
           "components/glimpse_fusion.hpp", "components/soft_attention_block.hpp", "training/checkpoint.hpp",
           "training/trainer.hpp"]
WAYS = {"alone": [], "compiled": ["-DSACCADE_LIBRARY_FOR=portable"]}
PROGRAMS = {"dozen_lines": "examples/classify_in_a_dozen_lines.cpp", "own_model": "benchmarks/compile_cost/own_model.cpp",
            "train_program": "examples/saccade/train.cpp"}


def fail(sentence):
    sys.exit(f"compile_cost.py: {sentence}")


def spent(command, directory):
    """Runs a command: (processor seconds, largest process in MB, seconds)."""
    environment = os.environ | {"CCACHE_DISABLE": "1"}
    began = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=directory, stdout=output, stderr=subprocess.STDOUT, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            output.seek(0)
            fail(shlex.join(map(str, command)) + "\n" + output.read().decode(errors="replace"))
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e3, time.monotonic() - began


class Costs:
    def __init__(self, options, scratch):
        self.options = options
        self.scratch = pathlib.Path(scratch)
        self.rows = []

    def wanted(self, name):
        return re.search(self.options.only, name) is not None

    def measure(self, name, *commands, repeats=1):
        """Each repeat runs all commands one after the other."""
        best = None
        for _ in range(repeats):
            parts = [spent(command, ROOT) for command in commands]
            cost = (sum(p[0] for p in parts), max(p[1] for p in parts), sum(p[2] for p in parts))
            best = cost if best is None or cost[0] < best[0] else best
        self.rows.append({"case": name, "processor_s": round(best[0], 2), "peak_mb": round(best[1]),
                          "wall_s": round(best[2], 2)})
        print(f"{name:<50} {best[0]:8.1f} s {best[1]:7.0f} MB", flush=True)

    def compile(self, name, source, extra=()):
        if self.options.list:
            print(name)
        elif self.wanted(name):
            command = [self.options.compiler, "-std=c++20", *shlex.split(self.options.flags), "-I", ROOT / "include", "-I",
                       ROOT / "examples", *system_includes(), *extra, "-c", source, "-o", self.scratch / "object.o"]
            self.measure(name, command, repeats=self.options.repeats)

    def build(self, name, targets):
        if self.options.list:
            print(name)
        elif self.wanted(name):
            folder = self.scratch / "build"
            shutil.rmtree(folder, ignore_errors=True)
            configure = ["cmake", "--no-warn-unused-cli", "--preset", "release", "-B", folder,
                         f"-DCMAKE_CXX_COMPILER={self.options.compiler}", "-DCMAKE_CXX_COMPILER_LAUNCHER=",
                         "-DSACCADE_BUILD_TESTS=OFF", "-DSACCADE_BUILD_BENCHMARKS=OFF", "-DSACCADE_CUDA=OFF"]
            jobs = str(len(os.sched_getaffinity(0)))
            self.measure(name, configure, ["cmake", "--build", folder, "--parallel", jobs, "--target", *targets])


def system_includes():
    """Where Eigen is: what pkg-config says, or where Debian puts it."""
    try:
        flags = subprocess.run(["pkg-config", "--cflags", "eigen3"], capture_output=True, text=True, check=True).stdout
        return shlex.split(flags)
    except (OSError, subprocess.CalledProcessError):
        return ["-isystem", "/usr/include/eigen3"]


def run(options, scratch):
    costs = Costs(options, scratch)
    for header in HEADERS:
        source = costs.scratch / "header.cpp"
        source.write_text(f"#include <saccade/{header}>\n")
        for way, flags in WAYS.items():
            costs.compile(f"{header}, {way}", source, flags)
    for name, source in PROGRAMS.items():
        for way, flags in WAYS.items():
            costs.compile(f"{name}, {way}", ROOT / source, flags)

    script = (ROOT / "examples/quickstart.sh").read_text()
    program = re.search(r"--target (\w+)$", script, re.MULTILINE)
    if not program:
        fail("examples/quickstart.sh does not say which program it builds")
    costs.build("build of saccade::compiled", ["saccade_compiled"])
    costs.build("build of the quick start", [program[1]])
    return costs.rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--flags", default="-O2", help="beside -std=c++20 and the folders of headers (default: -O2)")
    parser.add_argument("--only", default="", metavar="REGEX", help="cases whose name matches")
    parser.add_argument("--repeats", type=int, default=1, help="of every compilation; builds run once")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--list", action="store_true", help="the names of the cases")
    options = parser.parse_args()
    if not shutil.which(options.compiler):
        fail(f"there is no compiler {options.compiler}")
    with tempfile.TemporaryDirectory() as scratch:
        rows = run(options, scratch)
    if options.json:
        version = subprocess.run([options.compiler, "--version"], capture_output=True, text=True, check=True).stdout
        pathlib.Path(options.json).write_text(
            json.dumps({"compiler": version.splitlines()[0], "flags": options.flags, "cases": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
