"""The protocol of benchmarks/compare.py for peers in Python; see benchmarks/common/peer.hpp."""

import json
import sys
import time


def memory(key):
    """Bytes: `VmRSS` now, `VmHWM` at most so far."""
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith(key))


def seconds_of(work, calls):
    """Of one call, by the clock and of the processor."""
    start, processor_start = time.perf_counter(), time.process_time()
    for _ in range(calls):
        work()
    processor = time.process_time() - processor_start
    return (time.perf_counter() - start) / calls, processor / calls


def say(**answer):
    print(json.dumps(answer), flush=True)


def serve(work, start, **about):
    """Measures `work` once for every line of stdin; `start` is the memory before it was made."""
    work()
    calls = max(1, int(0.05 / max(seconds_of(work, 1)[0], 1e-7)))
    say(**about, ready=True, calls=calls)
    for _ in sys.stdin:
        seconds, processor = seconds_of(work, calls)
        say(seconds=seconds, processor_seconds=processor)
    say(peak_bytes=memory("VmHWM"), start_bytes=start)
