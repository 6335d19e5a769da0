"""What the store brings into the process."""

import subprocess
import sys

import pytest


def test_the_store_does_not_bring_numpy_along() -> None:
    """It is there where charts are drawn, which import it when they do."""
    pytest.importorskip("numpy")
    asked = "import sys, bot.store.database; print('numpy' in sys.modules); import numpy"
    done = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"
