"""Judge the evidence of a training job: `python -m training.gate evidence.json --out report`.

Exit code 0: the folder holds a verdict, promote or keep. Exit code 1: the evidence could not be
judged; the folder then holds the reason, and the verdict is to keep the champion.
"""

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from training.gate.evidence import evidence_from_json
from training.gate.report import Report, judge, report_after_crash
from training.gate.report_files import write_report
from training.gate.rules import Rules


def judge_file(file: Path, rules: Rules, *, seed: int, now: datetime) -> Report:
    """The report on a file of evidence; evidence that cannot be judged keeps the champion."""
    try:
        evidence = evidence_from_json(json.loads(file.read_text(encoding="utf-8")))
        return judge(evidence, rules, seed=seed, now=now)
    except OSError as error:
        problem = f"{file} cannot be read ({error.strerror}); did the evaluation finish?"
    except KeyError as error:
        problem = f"{file} lacks {error}; was it written by another version?"
    except (ValueError, TypeError, AttributeError) as error:
        problem = f"{file} is not evidence: {error}"
    except MemoryError:
        problem = f"{file} does not fit into this machine's memory; give fewer pairs"
    return report_after_crash(problem, rules, seed=seed, now=now)


def main() -> int:
    parser = argparse.ArgumentParser(description="Decide whether a challenger takes over.")
    parser.add_argument("evidence", type=Path, help="JSON as training.gate.evidence reads it")
    parser.add_argument("--out", type=Path, required=True, help="folder of the report")
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap, default 0")
    parser.add_argument("--draws", type=int, default=Rules.draws, help="bootstrap samples")
    parser.add_argument(
        "--min-users", type=int, default=Rules.min_users, help="held-out users a verdict needs"
    )
    parser.add_argument(
        "--min-pairs", type=int, default=Rules.min_pairs, help="held-out pairs a verdict needs"
    )
    options = parser.parse_args()
    rules = Rules(draws=options.draws, min_users=options.min_users, min_pairs=options.min_pairs)
    report = judge_file(options.evidence, rules, seed=options.seed, now=datetime.now(UTC))
    write_report(report, options.out)
    print(f"{report.decision.verdict}: {report.decision.reason}")
    return 1 if report.decision.code == "crash" else 0


if __name__ == "__main__":
    sys.exit(main())
