"""Load the model that a promotion announces, beside the one that serves."""

from concurrent.futures import ThreadPoolExecutor

from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.checkpoint.model_package import RELEASE, ModelPackage, folder_of, read_model_package, release
from shared.vlm.engine.batching_engine import BatchingEngine
from shared.vlm.engine.transformers_engine import TransformersEngine
from shared.vlm.settings import ModelSettings


class InProcessLoader:
    """Loads versions of one model; they compute in turn on one thread.

    While a version is loaded, memory holds it and the one that serves. The old one is freed when
    the last request that began with it is answered.
    """

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="model")
        self.release: ModelPackage = release(settings.model)

    @property
    def name(self) -> str:
        """Of the model, whatever its version."""
        return self.release.name

    def load_release(self) -> BatchingEngine:
        """The model of the settings; blocks for seconds. Raises `BadCheckpoint`."""
        return self._model(self.release)

    def load(self, *, uri: str, sha256: str) -> BatchingEngine:
        """The announced model, its files checked first; blocks. Raises `BadCheckpoint`."""
        return self._model(self._found(uri, sha256))

    def close(self) -> None:
        """Finish the pass that runs; nothing more is answered by any version."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _found(self, uri: str, sha256: str) -> ModelPackage:
        if not uri.startswith(RELEASE):
            return read_model_package(folder_of(uri), sha256=sha256)
        if uri != f"{RELEASE}{self.release.version}" or sha256 != self.release.sha256:
            raise BadCheckpoint(
                f"{uri} was announced, but this process was started with {self.release.version};"
                " install the same release everywhere, or promote a folder"
            )
        return self.release

    def _model(self, artefact: ModelPackage) -> BatchingEngine:
        base, adapter = artefact, None
        if artefact.kind == "adapter":
            base, adapter = self.release, artefact
            if artefact.base_version != base.version:
                raise BadCheckpoint(
                    f"{artefact.version} changes {artefact.base_version}, but this process serves"
                    f" {base.version}; start it with that model in PREFERSTREAM_MODEL"
                )
        engine = TransformersEngine(
            base.folder,
            adapter=adapter,
            device=self._settings.model_device,
            threads=self._settings.model_threads,
        )
        return BatchingEngine(engine, self._settings, self._executor)
