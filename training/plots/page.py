"""Render a report page: one HTML file in light and dark, without scripts or other files."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from training.plots.colors import page_style

TEMPLATES = Path(__file__).parent


def render_page(template: Path, **values: Any) -> str:
    """Fill a template, which may extend `base_page.html`; text is escaped, `Markup` is not."""
    environment = Environment(
        loader=FileSystemLoader([template.parent, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.filters["number"] = _number
    return environment.get_template(template.name).render(style=Markup(page_style()), **values)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3f}"
