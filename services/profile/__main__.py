"""Run the profile service alone: `python -m services.profile`."""

from services.profile.app import build
from services.profile.config import ProfileSettings
from shared.runtime.run import run_alone
from shared.settings import from_environment

if __name__ == "__main__":
    settings = from_environment(ProfileSettings)
    run_alone(lambda messaging, parts: build(settings, messaging, parts))
