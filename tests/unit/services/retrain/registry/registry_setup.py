"""A promoter with a promotion topic and a mirror in memory, and three versions in folders."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.retrain.registry.folders import ModelFolders, NewVersion
from services.retrain.registry.promotion import Promoter
from shared.domain.errors import Unavailable
from shared.events import ModelPromoted
from shared.vlm.checkpoint.model_package import ModelPackage, release

AT = datetime(2026, 1, 31, 2, 30, tzinfo=UTC)
RELEASE = release(None)


class InMemoryPromotionTopic:
    """A promotion topic in memory."""

    def __init__(self) -> None:
        self.events: list[ModelPromoted] = []
        self.available = True

    def latest(self, name: str) -> Mapping[str, ModelPromoted]:
        self._raise_if_unavailable()
        keys = {name: "champion", f"{name}#challenger": "challenger"}
        return {keys[event.user_id]: event for event in self.events}

    def publish(self, event: ModelPromoted) -> None:
        self._raise_if_unavailable()
        self.events.append(event)

    def _raise_if_unavailable(self) -> None:
        if not self.available:
            raise Unavailable("kafka", "no broker")


class InMemoryMirror:
    """A registry mirror in memory."""

    def __init__(self) -> None:
        self.aliases: dict[str, str | None] = {}
        self.versions: set[str] = set()
        self.available = True

    def register(self, package: ModelPackage, *, uri: str) -> None:
        self._raise_if_unavailable()
        self.versions.add(package.version)

    def point(self, alias: str, version: str | None) -> None:
        self._raise_if_unavailable()
        assert version is None or version in self.versions
        self.aliases[alias] = version

    def _raise_if_unavailable(self) -> None:
        if not self.available:
            raise Unavailable("mlflow", "MLflow does not answer")


class TickingClock:
    """A clock that advances by a minute at each call."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


class RegistrySetup:
    """The release and two adapters, of which a test can promote one."""

    def __init__(self, tmp_path: Path) -> None:
        source = tmp_path / "trained"
        source.mkdir()
        (source / "adapter_config.json").write_text("{}")
        (source / "adapter_model.safetensors").write_bytes(b"weights")
        self.folders = ModelFolders(tmp_path / "models", RELEASE)
        for version, previous in (("nano-2", RELEASE.version), ("nano-3", "nano-2")):
            self.folders.add(
                source,
                NewVersion(
                    version, "adapter", RELEASE.name, AT,
                    base_version=RELEASE.version, previous_version=previous,
                ),
            )  # fmt: skip
        self.topic, self.mirror = InMemoryPromotionTopic(), InMemoryMirror()
        self.promoter = Promoter(self.folders, self.topic, self.mirror, clock=TickingClock())
