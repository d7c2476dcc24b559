"""Decide which of two scored candidates wins."""


def win(better: float, worse: float) -> float:
    """1 when the preferred candidate has the higher total, one half for a tie, else 0."""
    return 0.5 if better == worse else float(better > worse)
