"""The style of nano: short prompts and answers of one line, which the model was trained on."""

from shared.prompting.styles.compact.style import CompactStyle

__all__ = ["CompactStyle"]
