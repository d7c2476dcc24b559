"""Build the prompts of the official layout around a user's template."""

from collections.abc import Mapping, Sequence
from typing import Final

from shared.domain.taste import Taste
from shared.prompting.pair_template import PairTemplate
from shared.prompting.prompt import Part, Prompt, shown_words
from shared.prompting.styles.preferthinker.layout import words

_IMAGE: Final = Part("image")
Content = Mapping[str, Sequence[Part]]
"""What stands at each place of a template."""


def predict(template: PairTemplate, *, liked: int, disliked: int) -> Prompt:
    """The whole official prompt: references, then two of them as the candidates."""
    candidate = (_IMAGE,) if liked + disliked else ()
    return _filled(
        template,
        {
            "liked": (_IMAGE,) * liked,
            "disliked": (_IMAGE,) * disliked,
            "image_a": candidate,
            "image_b": candidate,
        },
        answer_prefix="",
    )


def predict_order(*, liked: int, disliked: int) -> tuple[int, ...]:
    """The references, then the first liked one as Image A and the first disliked one as Image B."""
    references = range(liked + disliked)
    if not references:
        return ()
    return (*references, 0, liked if liked and disliked else 0)


def assess(template: PairTemplate, taste: Taste, *, answer_prefix: str) -> Prompt:
    """The official prompt for one candidate at both places, with a profile for the references."""
    sides = (shown_words(taste.preference), shown_words(taste.non_preference))
    liked, disliked = (Part("text", words(side, separator=", ")) for side in sides)
    return _filled(
        template,
        {"liked": (liked,), "disliked": (disliked,), "image_a": (_IMAGE,), "image_b": (_IMAGE,)},
        answer_prefix=answer_prefix,
    )


def _filled(template: PairTemplate, content: Content, *, answer_prefix: str) -> Prompt:
    parts: list[Part] = []
    for piece, is_place in template.pieces():
        for part in content[piece] if is_place else (Part("text", piece),):
            if part.kind == "text" and parts and parts[-1].kind == "text":
                parts[-1] = Part("text", parts[-1].text + part.text)
            else:
                parts.append(part)
    return Prompt(tuple(parts), answer_prefix=answer_prefix, system=template.system)
