"""Run the operations service alone: `python -m services.ops`."""

from services.ops.standalone import opened
from shared.runtime.run import run_opened

if __name__ == "__main__":
    run_opened(opened)
