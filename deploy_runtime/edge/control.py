"""The edge's command, by its path in the image: `control.py apply|maintenance|show|run`."""

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    runpy.run_module("edge", run_name="__main__")
