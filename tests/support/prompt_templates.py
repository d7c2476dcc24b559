"""A neutral prompt template of our own, in place of the official one that a user supplies."""

from typing import Final

from shared.prompting.styles.protocol import PromptStyle
from shared.prompting.styles.registry import prompt_style

TEMPLATE: Final = (
    b"You judge pictures for one person.\n---\n"
    b"Kept pictures:\n{liked}\nReturned pictures:\n{disliked}\n"
    b"Picture A:\n{image_a}\nPicture B:\n{image_b}\n"
    b"Write both profiles, then give both pictures points from 0 to 5, then choose."
)


def preferthinker() -> PromptStyle:
    """The style of PreferThinker checkpoints with this template."""
    return prompt_style("preferthinker", template=TEMPLATE)
