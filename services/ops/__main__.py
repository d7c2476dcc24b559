"""Run the operations service in its own process: `python -m services.ops`."""

from services.ops.app import open_app
from shared.runtime.run import run_service_from_context

if __name__ == "__main__":
    run_service_from_context(open_app)
