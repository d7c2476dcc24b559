"""Score images by tastes: known scores come from the cache, the others from the model."""

from collections.abc import Callable, Mapping, Sequence

from PIL.Image import Image

from shared.domain.taste import Taste
from shared.domain.user import User
from shared.vlm.protocol import Scores, ScoringInput, VisionLanguageModel
from shared.vlm.score_cache import ScoreCache, score_key

OnScored = Callable[[int, int], None]
"""Called with the number of scores from the cache, and of those that the model computed."""


class CachedScoring:
    """Scores each content once by each taste, also where several image ids of a slate share it."""

    def __init__(self, cache: ScoreCache, *, on_scored: OnScored = lambda known, new: None) -> None:
        self.cache = cache
        self._on_scored = on_scored

    async def scores(
        self,
        model: VisionLanguageModel,
        user: User,
        *,
        tastes: Sequence[Taste],
        images: Mapping[str, Image],
    ) -> list[dict[str, Scores]]:
        """The scores by each taste in order, by content hash; `images` are the pixels by hash.

        Raises what the model raises, also when only one score is missing: scores of the model and
        of a fallback cannot be compared.
        """
        version = model.model_version
        keys = [score_key(user, model_version=version, taste=taste) for taste in tastes]
        distinct = dict(zip(keys, tastes, strict=True))
        scores = {key: self.cache.get(key, images) for key in distinct}
        missing = {key: [n for n in images if n not in known] for key, known in scores.items()}
        # One taste after the other: the prompts of one taste share their beginning.
        inputs = [
            ScoringInput(distinct[key], images[name])
            for key, names in missing.items()
            for name in names
        ]
        self._on_scored(len(distinct) * len(images) - len(inputs), len(inputs))
        if inputs:
            new = iter(await model.score(inputs))
            for key, names in missing.items():
                computed = {name: next(new) for name in names}
                self.cache.put(key, computed)
                scores[key] |= computed
        return [scores[key] for key in keys]
