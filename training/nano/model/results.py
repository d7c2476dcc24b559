"""Write into a model's card what was measured of it, and its hash into the manifest.

python -m training.nano.model.results shared/nano --proof runs/proof/proof.json --pairs runs/pairs \
  --ablation runs/ablation/ablation.json
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from training.ablation.table import Line, as_markdown
from training.evaluation.simulated.page import header
from training.evaluation.simulated.report import TOGETHER
from training.nano.model.export import CARD, MANIFEST, sha256_of
from training.statistics.interval import Share

SPLITS: Final = {
    "seen_sp": "Seen-SP",
    "seen_mp": "Seen-MP",
    "unseen_sp": "Unseen-SP",
    "unseen_mp": "Unseen-MP",
}
BEGINS: Final = "\n## Measured\n"
"""Everything from here on is written anew."""

Told = Mapping[str, Any]
"""What a report's JSON says."""


def results(proof: Told, pairs: Told | None, ablation: Told | None = None) -> str:
    """The card's last section: both levels, controls, naming; intervals are 95 %, over users."""
    levels: Mapping[str, Told] = proof["levels"]
    parts = [
        f"{BEGINS}\nSimulated users (seed {proof['seed']}, nobody's twin in training); in brackets"
        " 95 % intervals over users. A taste is predicted from references and candidates are scored"
        " against it, one by one.\n",
        *header("", list(SPLITS.values())),
        *(line for level, splits in levels.items() for line in _of_level(level, splits)),
        "",
        *header("right words of what is seen", list(proof["named"])),
        *_of_named(proof["named"]),
    ]
    if pairs is not None:
        parts.append(_of_pairs(pairs))
    if ablation is not None:
        parts.append(_of_ablation(ablation))
    return "\n".join(parts) + "\n"


def _of_level(level: str, splits: Told) -> list[str]:
    sets = [splits[split] for split in SPLITS]
    users = splits[TOGETHER]["users"]

    def row(name: str, values: Sequence[Told]) -> str:
        return f"| *{level}*: {name} | {' | '.join(str(Share(**one)) for one in values)} |"

    worst = [min(one["profile"].values(), key=lambda share: share["value"]) for one in sets]
    error = splits[TOGETHER]["calibration"]["error"]
    return [
        row(f"pairs right ({users} users)", [one["accuracy"]["predicted"] for one in sets]),
        row("with nobody's taste", [one["accuracy"]["nobody"] for one in sets]),
        row("with somebody else's", [one["accuracy"]["somebody else"] for one in sets]),
        row("profile words, worst element", worst),
        row("NDCG@10 of slates of 20", [one["ndcg"] for one in sets]),
        row("reasons that name what is seen", [one["faithful"] for one in sets]),
        f"| *{level}*: calibration error, all sets | {error:.3f} | | | |",
    ]


def _of_named(named: Mapping[str, Mapping[str, Told]]) -> list[str]:
    elements = next(iter(named.values()))
    return [
        f"| {element} | {' | '.join(str(Share(**kind[element])) for kind in named.values())} |"
        for element in elements
    ]


def _of_pairs(report: Told) -> str:
    controls = report["controls"]
    items = sum(split["n"] for split in report["splits"].values())
    level = f"*{report['level']}* " if report["level"] else ""  # of another's files nobody knows
    return (
        f"\nBoth candidates in one prompt, {items} {level}pairs in both"
        f" orders: {100 * report['mean']:.1f} % right,"
        f" {100 * report['order_consistency']:.1f} % the same in both orders; with nobody's"
        f" references {100 * controls['user_blind']['accuracy']:.1f} %, with somebody else's"
        f" {100 * controls['other_user']['accuracy']:.1f} %."
    )


def _of_ablation(told: Told) -> str:
    table = as_markdown([Line(**row) for row in told["rows"]]).rstrip()
    return (
        "\nWhat each stage of the method adds, tried on small budgets from a base that has more to"
        f" learn (`python -m training.ablation`, training/LOG.md): {told['users']} *hard* users,"
        f" intervals over users and seeds.\n\n{table}"
    )


def write_results(folder: Path, section: str) -> None:
    """In place of what the card said before; the manifest goes on naming every file's bytes."""
    card, manifest = folder / CARD, folder / MANIFEST
    kept = card.read_text(encoding="utf-8").split(BEGINS)[0]
    card.write_text(kept + section, encoding="utf-8")
    told = json.loads(manifest.read_text(encoding="utf-8"))
    told["sha256"][CARD] = sha256_of(card)
    manifest.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, help="of the model, with its card and manifest")
    parser.add_argument(
        "--proof", type=Path, required=True, help="proof.json of training.evaluation.simulated"
    )
    parser.add_argument(
        "--pairs", type=Path, help="folder of `preferstream evaluate --protocol pair`"
    )
    parser.add_argument("--ablation", type=Path, help="ablation.json of training.ablation")
    options = parser.parse_args()
    proof = json.loads(options.proof.read_text(encoding="utf-8"))
    version = json.loads((options.folder / MANIFEST).read_text(encoding="utf-8"))["version"]
    pairs = None
    if options.pairs:
        pairs = json.loads((options.pairs / "report.json").read_text(encoding="utf-8"))
    ablation = None
    if options.ablation:
        ablation = json.loads(options.ablation.read_text(encoding="utf-8"))
    for measured in [proof, *([pairs] if pairs else [])]:
        if measured["model_version"] != version:
            parser.error(f"{measured['model_version']} was measured, the folder is {version}")
    write_results(options.folder, results(proof, pairs, ablation))
    print(f"Wrote what was measured of {version} into {options.folder / CARD}.")


if __name__ == "__main__":
    main()
