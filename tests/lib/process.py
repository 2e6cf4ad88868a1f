"""What /proc tells of a process."""
import os
import time


def rss_kib(pid):
    """Resident memory, exact (the figures of `status` lag behind)."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("Rss:"))


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [int(x) for x in f.read().split()]


def cpu_of(pids):
    """Seconds of CPU of living processes, by their own clocks (clock_getcpuclockid): exact, unlike the ticks of /proc."""
    total = 0
    for pid in pids:
        try:
            total += time.clock_gettime(~pid << 3 | 2)
        except OSError:
            pass
    return total
