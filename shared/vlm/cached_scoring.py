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
    ) -> dict[Taste, dict[str, Scores]]:
        """The scores by taste and content hash; `images` are the pixels by content hash.

        Raises what the model raises, also when only one score is missing: scores of the model and
        of a fallback cannot be compared.
        """
        keys = {
            taste: score_key(user, model_version=model.model_version, taste=taste)
            for taste in tastes
        }
        scores = {taste: self.cache.get(key, images) for taste, key in keys.items()}
        # One taste after the other: the prompts of one taste share their beginning.
        missing = [(taste, name) for taste in keys for name in images if name not in scores[taste]]
        self._on_scored(len(keys) * len(images) - len(missing), len(missing))
        if not missing:
            return scores
        new = await model.score([ScoringInput(taste, images[name]) for taste, name in missing])
        for (taste, name), of_image in zip(missing, new, strict=True):
            scores[taste][name] = of_image
        for taste, key in keys.items():
            names = (name for of_taste, name in missing if of_taste == taste)
            self.cache.put(key, {name: scores[taste][name] for name in names})
        return scores
