"""Import the services and the libraries of the model: seconds that can overlap Kafka's start."""

from shared.settings import from_environment
from shared.vlm.settings import ModelSettings


def import_services() -> None:
    """Import what `start_services` needs; call it in a thread while Kafka starts."""
    import services.local.services  # noqa: F401  # imported for its time, not for a name

    if from_environment(ModelSettings).model_server is None:
        import_model()


def import_model() -> None:
    """Import torch, transformers and the model's engine; a model server saves this time."""
    import shared.vlm.checkpoint.promoted_model  # noqa: F401  # imported for its time
