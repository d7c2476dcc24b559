"""The style of any instruction-tuned vision-language model: explained elements, JSON answers."""

from shared.prompting.styles.general.style import GeneralStyle

__all__ = ["GeneralStyle"]
