"""The page of a report: one file that holds its data, its style, its scripts and the plotting library."""

import base64
import hashlib
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

REPORT_MARK = '<meta name="generator" content="wasit report">'
"""Stands in the first lines of every report, and of no other page."""

_FOLDER = "report_page"
# In the order in which they are read by the browser; the last one starts the page.
_SCRIPTS = (
    "texts.js",
    "words.js",
    "elements.js",
    "container.js",
    "selection.js",
    "views.js",
    "charts.js",
    "hint.js",
    "table.js",
    "figure.js",
    "articles.js",
    "filters.js",
    "page.js",
)


def report_html(container: bytes) -> str:
    """Builds the page.

    Args:
        container: The data of the report, packed as `wasit.inference.report_data` does.

    Returns:
        HTML that needs no other file and no network, and that forbids itself to ask for any.
    """
    library, script, style = _plotting_library(), _script(), _read("page.css")
    environment = Environment(
        loader=PackageLoader("wasit.inference", _FOLDER), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("page.html.jinja").render(
        mark=Markup(REPORT_MARK),
        policy=_policy([library, script], style),
        style=Markup(style),
        data=base64.b64encode(container).decode("ascii"),
        library=Markup(library),
        script=Markup(script),
    )


@cache
def _plotting_library() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script; to put it together takes seconds."""
    # It comes with an extra.
    import vl_convert

    return _inline(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


def _script() -> str:
    """The page's own scripts as one, whose names are not seen from outside."""
    return _inline("(() => {\n" + '"use strict";\n' + "\n".join(map(_read, _SCRIPTS)) + "})();\n")


def _inline(script: str) -> str:
    """A script with nothing in it that would end its element; in JavaScript these backslashes say nothing."""
    return script.replace("\r\n", "\n").replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _policy(scripts: list[str], style: str) -> str:
    """Only these scripts run, and nothing is ever asked of a network."""
    allowed = " ".join(map(_hash, scripts))
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _read(name: str) -> str:
    return (resources.files("wasit.inference") / _FOLDER / name).read_text(encoding="utf-8")
