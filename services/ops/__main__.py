"""Run the operations service alone: `python -m services.ops`."""

from services.ops.opening import opened
from shared.run import run_opened

if __name__ == "__main__":
    run_opened(opened)
