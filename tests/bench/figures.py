"""What a measurement yields."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measurement. `beside`: what it is to be compared with."""

    name: str
    value: float
    unit: str
    beside: str
