"""Write the evidence file that the gate reads."""

import json
from collections.abc import Mapping
from pathlib import Path

from shared.files.atomic_write import atomic_write
from training.gate.evidence import Evidence, PairSet, as_json
from training.gate.nights.end_to_end import EndToEnd
from training.gate.off_policy.evidence import OffPolicyEvidence
from training.job.evidence.format_checks import FormatCounters
from training.job.evidence.models import ComparedModels


def write_evidence(
    file: Path,
    models: ComparedModels,
    *,
    held_out: PairSet,
    later: PairSet,
    benchmark: Mapping[str, PairSet],
    order: PairSet,
    formats: FormatCounters,
    end_to_end: EndToEnd | None = None,
    off_policy: OffPolicyEvidence | None = None,
) -> None:
    """Write the file completely or not at all."""
    evidence = Evidence(
        champion=models.champion_version,
        challenger=models.challenger_version,
        held_out_users=held_out,
        later_days=later,
        benchmark=benchmark,
        order=order,
        champion_format=formats.champion.count(),
        challenger_format=formats.challenger.count(),
        element_weights={
            "champion": models.champion.element_weights,
            "challenger": models.challenger.element_weights,
        },
        end_to_end=end_to_end,
        off_policy=off_policy,
    )
    atomic_write(file, json.dumps(as_json(evidence)))
