"""Run the profile service in its own process: `python -m services.profile`."""

from services.profile.app import build
from services.profile.config import ProfileSettings
from shared.runtime.run import run_service
from shared.settings import from_environment

if __name__ == "__main__":
    settings = from_environment(ProfileSettings)
    run_service(lambda messaging, shared: build(settings, messaging, shared))
