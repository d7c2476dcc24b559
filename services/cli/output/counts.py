"""Write a number with its noun: `1 image`, `2 images`."""


def count(number: int, noun: str) -> str:
    """The number and the noun, which takes an s in the plural."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
