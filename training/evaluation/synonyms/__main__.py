"""Measure near-synonyms: `python -m training.evaluation.synonyms`.

Each pair is compared alone. *Grouped* is the share of pairs with nearly the same meaning that count
as one word, *wrongly grouped* the share of antonyms and other different pairs that do.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from shared.domain.taste import ELEMENTS, Element
from shared.embedding.minilm import MiniLM
from shared.embedding.near_synonyms import near_synonyms
from shared.embedding.protocol import Embedder
from training.evaluation.markdown import header, line
from training.evaluation.synonyms import word_pairs
from training.statistics.wilson import wilson

Pairs = Sequence[tuple[str, str]]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluation.synonyms",
        description=(__doc__ or "").split("\n")[0],
    )
    parser.add_argument("--list", action="store_true", help="print the pairs with another result")
    options = parser.parse_args()
    embedder = MiniLM()
    try:
        asyncio.run(report(embedder, list_errors=options.list))
    finally:
        embedder.close()
    return 0


async def report(embedder: Embedder, *, list_errors: bool) -> None:
    """Print one table for the pairs of each use."""
    for use, same, different in (
        ("development", word_pairs.DEVELOPMENT_SAME, word_pairs.DEVELOPMENT_DIFFERENT),
        ("second", word_pairs.SECOND_SAME, word_pairs.SECOND_DIFFERENT),
        ("held out", word_pairs.HELD_OUT_SAME, word_pairs.HELD_OUT_DIFFERENT),
    ):
        print(f"\n{use}\n")
        columns = ["grouped (95 %)", "wrongly grouped (95 %)"]
        print("\n".join(header("element", columns)))
        errors: list[str] = []
        for element in ELEMENTS:
            alike, unlike = word_pairs.pairs(same[element]), word_pairs.pairs(different[element])
            grouped = await grouped_pairs(element, alike, embedder)
            wrong = await grouped_pairs(element, unlike, embedder)
            counts = ((grouped, alike), (wrong, unlike))
            print(line(element.label, [share(len(part), len(all_)) for part, all_ in counts]))
            errors += [f"{element.label}: missed {pair}" for pair in alike if pair not in grouped]
            errors += [f"{element.label}: wrong {pair}" for pair in wrong]
        if list_errors:
            print("\n" + "\n".join(errors))


async def grouped_pairs(element: Element, pairs: Pairs, embedder: Embedder) -> Pairs:
    """The pairs that count as one word."""
    grouped = []
    for first, second in pairs:
        synonyms = await near_synonyms({element: [first, second]}, embedder)
        if synonyms.meaning(element, first) == synonyms.meaning(element, second):
            grouped.append((first, second))
    return grouped


def share(count: int, total: int) -> str:
    low, high = wilson(count / total, total)
    return f"{count} of {total} ({low:.2f}-{high:.2f})"


if __name__ == "__main__":
    sys.exit(main())
