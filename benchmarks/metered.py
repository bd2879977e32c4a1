"""Run one command and print what it cost, with everything that it started: one JSON value.

``python -m benchmarks.metered COMMAND...``. Processes that outlive the command (a fork server, what
a fork server started) come to this one when their parent ends, and count.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
from time import perf_counter

_SET_CHILD_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)


def main() -> None:
    """Wall seconds of the command, CPU seconds of it and all of its descendants, its exit code."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    began = perf_counter()
    process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=sys.stderr)
    code = process.wait()
    wall = perf_counter() - began
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime
    print(json.dumps({"wall": wall, "cpu": cpu, "code": code}))


if __name__ == "__main__":
    main()
