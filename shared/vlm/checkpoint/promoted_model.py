"""Load a promoted model into this process while the current model serves."""

from concurrent.futures import ThreadPoolExecutor

from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.checkpoint.default_style import default_style
from shared.vlm.checkpoint.model_package import (
    RELEASE,
    ModelPackage,
    folder_from_uri,
    read_model_package,
    release,
)
from shared.vlm.engine.batching_engine import BatchingEngine
from shared.vlm.engine.transformers_engine import TransformersEngine
from shared.vlm.pictures.open_reader import with_picture_reader
from shared.vlm.settings import ModelSettings


class InProcessLoader:
    """Loads versions of one model; all versions compute on the same single thread.

    During a promotion memory holds the new and the current version. The current one is freed after
    the last request that selected it is answered.
    """

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="model")
        self.release: ModelPackage = release(settings.model)

    @property
    def name(self) -> str:
        """The model's name, the same for all its versions."""
        return self.release.name

    def load_release(self) -> BatchingEngine:
        """The model of the settings; blocks for seconds. Raises `BadCheckpoint`."""
        return self._model(self.release)

    def load(self, *, uri: str, sha256: str) -> BatchingEngine:
        """The promoted model, after a check of its files; blocks. Raises `BadCheckpoint`."""
        return self._model(self._package(uri, sha256))

    def close(self) -> None:
        """Finish the running pass and drop all waiting requests, of every version."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _package(self, uri: str, sha256: str) -> ModelPackage:
        if not uri.startswith(RELEASE):
            return read_model_package(folder_from_uri(uri), sha256=sha256)
        if uri != f"{RELEASE}{self.release.version}" or sha256 != self.release.sha256:
            raise BadCheckpoint(
                f"{uri} was announced, but this process was started with {self.release.version};"
                " install the same release everywhere, or promote a folder"
            )
        return self.release

    def _model(self, package: ModelPackage) -> BatchingEngine:
        base, adapter = package, None
        if package.kind == "adapter":
            base, adapter = self.release, package
            if package.base_version != base.version:
                raise BadCheckpoint(
                    f"{package.version} changes {package.base_version}, but this process serves"
                    f" {base.version}; start it with that model in PREFERSTREAM_MODEL"
                )
        engine = TransformersEngine(
            base.folder,
            adapter=adapter,
            device=self._settings.model_device,
            threads=self._settings.model_threads,
            limits=self._settings.pixel_limits,
            prompt_style=default_style(self._settings),
        )
        return BatchingEngine(
            with_picture_reader(engine, base.folder), self._settings, self._executor
        )
