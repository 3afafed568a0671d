"""Times one command and reads its peak memory. Must stay small: a child that is forked from a
large process inherits that process's peak.

Prints, after the command's own output, a line: wall seconds, peak KiB, exit status. The peak is
that of the largest process which the command started, itself included.
"""

import os
import sys
import time

command = sys.argv[1:]
start = time.perf_counter()
child = os.posix_spawn(command[0], command, os.environ)
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - start
kib = usage.ru_maxrss // (1024 if sys.platform == "darwin" else 1)
print(f"\n{seconds:.6f} {kib} {os.waitstatus_to_exitcode(status)}")
