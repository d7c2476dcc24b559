"""Judge the evidence of a night: `python -m training.gate evidence.json --out reports/nano-2`.

Exit code 0: a verdict was reached, either one, and lies in the folder. Exit code 1: the evidence
could not be judged; the folder then says why, and the verdict is to keep the champion.
"""

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from training.gate.evidence import evidence_from_json
from training.gate.report import Report, crashed, judge, write_report
from training.gate.rules import Rules


def judged(file: Path, rules: Rules, *, seed: int, now: datetime) -> Report:
    """The report on a file of evidence, whatever is in it: what cannot be judged is kept."""
    try:
        evidence = evidence_from_json(json.loads(file.read_text(encoding="utf-8")))
        return judge(evidence, rules, seed=seed, now=now)
    except OSError as error:
        told = f"{file} cannot be read ({error.strerror}); did the evaluation finish?"
    except KeyError as error:
        told = f"{file} lacks {error}; was it written by another version?"
    except (ValueError, TypeError, AttributeError) as error:
        told = f"{file} is not evidence: {error}"
    except MemoryError:
        told = f"{file} holds more than this machine's memory takes; give fewer pairs"
    return crashed(told, rules, seed=seed, now=now)


def main() -> int:
    parser = argparse.ArgumentParser(description="Decide whether a challenger takes over.")
    parser.add_argument("evidence", type=Path, help="JSON as training.gate.evidence reads it")
    parser.add_argument("--out", type=Path, required=True, help="folder of the report")
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap, default 0")
    parser.add_argument("--draws", type=int, default=Rules.draws, help="bootstrap samples")
    options = parser.parse_args()
    report = judged(
        options.evidence, Rules(draws=options.draws), seed=options.seed, now=datetime.now(UTC)
    )
    write_report(report, options.out)
    print(f"{report.decision.verdict}: {report.decision.reason}")
    return 1 if report.decision.code == "crash" else 0


if __name__ == "__main__":
    sys.exit(main())
