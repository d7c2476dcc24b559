"""The style of any instruction-tuned vision-language model: explained elements, JSON answers."""

from shared.prompting.styles.general.style import GeneralStyle
from shared.prompting.styles.protocol import PromptStyle

__all__ = ["GeneralStyle", "open_style"]


def open_style(template: bytes | None) -> PromptStyle:
    """The style; it takes no template."""
    return GeneralStyle()
