"""Write the findings of a model check as a page."""

from collections.abc import Sequence
from importlib import resources

from jinja2 import Environment, StrictUndefined

from services.cli.doctor.model_check.finding import Finding


def findings_page(target: str, findings: Sequence[Finding], *, verdict: str, usable: bool) -> str:
    """The HTML of the page; it needs no other file."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    text = resources.files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    return environment.from_string(text).render(
        target=target, findings=findings, verdict=verdict, usable=usable
    )
