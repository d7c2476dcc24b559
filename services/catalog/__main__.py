"""Run the catalog service in its own process: `python -m services.catalog`."""

from services.catalog.app import build
from services.catalog.config import CatalogSettings
from shared.embedding.audience.settings import AudienceSettings
from shared.runtime.run import run_service
from shared.settings import from_environment

if __name__ == "__main__":
    settings = from_environment(CatalogSettings)
    audience = from_environment(AudienceSettings)
    run_service(lambda messaging, shared: build(settings, messaging, shared, audience=audience))
