"""What a measurement yields."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measurement. `beside`: what it is to be compared with."""

    name: str
    value: float
    unit: str
    beside: str


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many percent (below 100) of them do not reach."""
    return sorted(values)[int(len(values) * percent / 100)]
