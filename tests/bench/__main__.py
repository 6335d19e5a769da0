"""Run the measurements, each in a temporary folder; print a line a figure, write bench.json.

`python -m tests.bench words search` measures these areas alone.
"""

import json
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import (
    answering,
    delivering,
    digesting,
    enduring,
    idling,
    importing,
    matching,
    polling,
    reading,
    searching,
    starting,
    storing,
)
from tests.bench.figures import Figure

AREAS: Mapping[str, Callable[[Path], Iterator[Figure]]] = {
    "polling": polling.polling,
    "storing": storing.storing,
    "importing": importing.importing,
    "words": matching.matching,
    "search": searching.searching,
    "reading": reading.reading,
    "digesting": digesting.digesting,
    "delivering": delivering.delivering,
    "answering": answering.answering,
    "enduring": enduring.enduring,
    "starting": starting.starting,
    "idling": idling.idling,
}


def main(only: Sequence[str]) -> None:
    if unknown := set(only) - AREAS.keys():
        sys.exit(f"no area {', '.join(sorted(unknown))}; there are {', '.join(AREAS)}")
    figures: list[Figure] = []
    for area in only or AREAS:
        with tempfile.TemporaryDirectory() as folder:
            for figure in AREAS[area](Path(folder)):
                print(f"{figure.name}: {figure.value:,.4g} {figure.unit}   ({figure.beside})", flush=True)
                figures.append(figure)
    machine = {"python": sys.version.split()[0], "machine": platform.machine(), "at": datetime.now(UTC).isoformat()}
    Path("bench.json").write_text(json.dumps({"figures": [asdict(one) for one in figures]} | machine, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
