"""What a process takes from the computer, as Linux counts it."""

import os
from pathlib import Path


def resident(process: int) -> float:
    """The memory that it holds at this moment, in MiB; 0 if it has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return 0.0
    return sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def processor(process: int) -> float:
    """Seconds of processor time that it has used so far."""
    user, system = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
