"""Write measured results into a model card, and the card's new hash into the manifest.

python -m training.nano.model.results shared/nano --proof runs/proof/proof.json --pairs runs/pairs \
  --ablation runs/ablation/ablation.json
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from shared.vlm.checkpoint.checkpoint import MANIFEST, file_hash
from training.ablation.table import as_markdown, read_line
from training.evaluation.controls import OTHER_USER, USER_BLIND
from training.evaluation.markdown import header, line
from training.evaluation.simulated.report import ALL_SETS
from training.nano.model.export import CARD
from training.statistics.interval import Share

SPLITS: Final = {
    "seen_sp": "Seen-SP",
    "seen_mp": "Seen-MP",
    "unseen_sp": "Unseen-SP",
    "unseen_mp": "Unseen-MP",
}
SECTION: Final = "\n## Measured\n"
"""Heading of the last section of the card; writing the results again replaces that section."""

Json = Mapping[str, Any]
"""A report as parsed from its JSON file."""


def results(proof: Json, pairs: Json | None, ablation: Json | None = None) -> str:
    """The last section of the card: both levels, controls, descriptions, pair prompt, ablation."""
    levels: Mapping[str, Json] = proof["levels"]
    parts = [
        f"{SECTION}\nSimulated users (seed {proof['seed']}; training contains none of them). In"
        " brackets 95 % intervals over users, of photographs over photographs; where all are right,"
        " a Wilson interval. The model predicts a profile from the references, and scores each"
        " candidate alone against it.\n",
        *header("", list(SPLITS.values())),
        *(row for level, splits in levels.items() for row in _level_rows(level, splits)),
        "",
        *header("right words in descriptions", list(proof["described"])),
        *_description_rows(proof["described"]),
    ]
    if pairs is not None:
        parts.append(_pair_prompt(pairs))
    if ablation is not None:
        parts.append(_ablation(ablation))
    return "\n".join(parts) + "\n"


def _level_rows(level: str, splits: Json) -> list[str]:
    sets = [splits[split] for split in SPLITS]
    users = splits[ALL_SETS]["users"]

    def row(name: str, values: Sequence[Json]) -> str:
        return line(f"*{level}*: {name}", [Share(**value) for value in values])

    worst = [min(s["profile"].values(), key=lambda share: share["value"]) for s in sets]
    error = splits[ALL_SETS]["calibration"]["error"]
    return [
        row(f"pairs right ({users} users)", [s["accuracy"]["predicted"] for s in sets]),
        row(f"control `{USER_BLIND}`", [s["accuracy"][USER_BLIND] for s in sets]),
        row(f"control `{OTHER_USER}`", [s["accuracy"][OTHER_USER] for s in sets]),
        row("profile words, worst element", worst),
        row("NDCG@10 of slates of 20", [s["ndcg"] for s in sets]),
        row("faithful rationales", [s["faithful"] for s in sets]),
        f"| *{level}*: calibration error, all sets | {error:.3f} | | | |",
    ]


def _description_rows(described: Mapping[str, Mapping[str, Json]]) -> list[str]:
    elements = next(iter(described.values()))
    return [
        line(element, [Share(**kind[element]) for kind in described.values()])
        for element in elements
    ]


def _pair_prompt(report: Json) -> str:
    controls = report["controls"]
    items = sum(split["n"] for split in report["splits"].values())
    level = f"*{report['level']}* " if report["level"] else ""  # other benchmarks have no level
    return (
        f"\nBoth candidates in one prompt, {items} {level}pairs in both orders:"
        f" {100 * report['mean']:.1f} % right,"
        f" {100 * report['order_consistency']:.1f} % the same choice in both orders; control"
        f" `{USER_BLIND}` {100 * controls[USER_BLIND]['accuracy']:.1f} %, control `{OTHER_USER}`"
        f" {100 * controls[OTHER_USER]['accuracy']:.1f} %."
    )


def _ablation(ablation: Json) -> str:
    rows = [read_line(row) for row in ablation["rows"]]
    table, users = as_markdown(rows).rstrip(), max(row.users for row in rows)
    return (
        "\nEffect of each stage of the method, with small budgets and from a weaker base model that"
        " still has errors to correct (`python -m training.ablation`, training/LOG.md):"
        f" {users} *hard* users, intervals over users and seeds.\n\n{table}"
    )


def write_results(folder: Path, section: str) -> None:
    """Replace the last section of the card, and update the hash of the card in the manifest."""
    card, manifest = folder / CARD, folder / MANIFEST
    kept = card.read_text(encoding="utf-8").split(SECTION)[0]
    card.write_text(kept + section, encoding="utf-8")
    content = json.loads(manifest.read_text(encoding="utf-8"))
    content["sha256"][CARD] = file_hash(card)
    manifest.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


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
    for report in [proof, *([pairs] if pairs else [])]:
        if report["model_version"] != version:
            parser.error(f"the report is of {report['model_version']}, the folder holds {version}")
    write_results(options.folder, results(proof, pairs, ablation))
    print(f"Wrote the results of {version} into {options.folder / CARD}.")


if __name__ == "__main__":
    main()
