"""Write a report as Markdown: the sentence, the conditions, and the clicks a slate."""

from collections.abc import Iterator

from training.gate.off_policy.section import NOTE, TITLE, OffPolicySection, off_policy_section
from training.gate.opening import opening
from training.gate.report import Report


def markdown(report: Report) -> str:
    """For a terminal, an issue or a chat; the page and the JSON file have more."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    findings = report.findings
    yield f"# {_escaped(findings.challenger) if findings else 'Gate'}: {report.decision.verdict}"
    yield from ("", _escaped(opening(report)), "", _escaped(report.decision.reason))
    if report.decision.checks:
        yield from (
            "",
            "## Conditions of promotion",
            "",
            "| holds | condition | measured |",
            "|---|---|---|",
        )
        for check in report.decision.checks:
            cells = ("yes" if check.passed else "no", check.title, check.explanation)
            yield _row(*cells)
    section = off_policy_section(findings.off_policy) if findings else None
    if section is not None:
        yield from _off_policy(section)


def _off_policy(section: OffPolicySection) -> Iterator[str]:
    yield from ("", f"## {TITLE}", "", NOTE, "", f"{section.based_on}.")
    if section.problem:
        yield from ("", section.problem)
        return
    yield from (
        "",
        "| order | SNIPS (95 % interval) | doubly robust (95 % interval) | minus the champion |",
        "|---|---|---|---|",
    )
    for row in section.rows:
        yield _row(row.name, row.problem or row.snips, row.dr, row.gain)
    if section.chosen_by:
        yield from ("", section.chosen_by)


def _row(*cells: str) -> str:
    return "| " + " | ".join(map(_escaped, cells)) + " |"


def _escaped(text: str) -> str:
    """Without a line break, and without characters that Markdown or HTML read as markup."""
    for character in ("\\", "|", "<", "*", "_", "`", "["):
        text = text.replace(character, f"\\{character}")
    return " ".join(text.split())
