"""Keep the score reader of each prompt style that a server's model versions use."""

from shared.prompting.styles.protocol import PromptStyle
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.checkpoint.model_package import ModelPackage
from shared.vlm.server.chosen_scores import ChosenScores
from shared.vlm.server.connection import Connection, NotFound
from shared.vlm.server.dialect import Dialect
from shared.vlm.server.forced_scores import forced_scores
from shared.vlm.server.score_reader import ScoreReader


class ScoreReaders:
    """A base model and its adapters can have been trained on different prompt styles."""

    def __init__(
        self, server: Connection, model: str, *, dialect: Dialect, default_style: PromptStyle
    ) -> None:
        self._server = server
        self._model = model
        self.dialect = dialect
        self._default_style = default_style
        self._readers: dict[str, ScoreReader] = {}

    def style(self, package: ModelPackage | None) -> PromptStyle:
        """The style of a version: that of its manifest, else that of the settings."""
        return (package.prompt_style if package else None) or self._default_style

    def reader(self, package: ModelPackage | None) -> ScoreReader:
        """The reader of a version; `open` comes before it."""
        return self._readers[self.style(package).name]

    async def open(self, package: ModelPackage | None) -> None:
        """Prepare the reader of a version; raises `BadCheckpoint` and `Unavailable`."""
        style = self.style(package)
        if style.name in self._readers:
            return
        if style.digit_reading == "chosen":
            self._readers[style.name] = ChosenScores(style, self.dialect)
            return
        try:
            self._readers[style.name] = await forced_scores(self._server, model=self._model)
        except NotFound as error:
            raise BadCheckpoint(
                f"{self._server.address} has no /tokenize, which finds the positions of the"
                " digits; serve the model with vLLM"
            ) from error
