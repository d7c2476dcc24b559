"""The style of released PreferThinker checkpoints: the official layout, from a user's template."""

from shared.prompting.pair_template import InvalidPairTemplate, PairTemplate
from shared.prompting.styles.preferthinker.style import PreferThinkerStyle
from shared.prompting.styles.protocol import BadPromptTemplate, PromptStyle

__all__ = ["PreferThinkerStyle", "open_style"]


def open_style(template: bytes | None) -> PromptStyle:
    """The style with the user's template; raises `BadPromptTemplate`."""
    if template is None:
        raise BadPromptTemplate(
            "the prompt style preferthinker needs the official prompt, which is not part of"
            " Preferstream: name a file with it in PREFERSTREAM_PROMPT_TEMPLATE (in a training's"
            " configuration policy.prompt_template), with {liked}, {disliked}, {image_a} and"
            " {image_b} in place of the images"
        )
    try:
        return PreferThinkerStyle(PairTemplate.parse(template.decode("utf-8")), template)
    except (UnicodeDecodeError, InvalidPairTemplate) as error:
        raise BadPromptTemplate(f"the prompt template cannot be used: {error}") from error
