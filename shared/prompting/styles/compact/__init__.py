"""The style of nano: short prompts and answers of one line, which the model was trained on."""

from shared.prompting.styles.compact.style import CompactStyle
from shared.prompting.styles.protocol import PromptStyle

__all__ = ["CompactStyle", "open_style"]


def open_style(template: bytes | None) -> PromptStyle:
    """The style; it takes no template."""
    return CompactStyle()
