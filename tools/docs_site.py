"""Hooks of mkdocs for the docs site: pages outside of `docs/`, links to the repository, llms.txt.

Every page is also read in the repository, so its links are those of the repository. The site adds
the pages of `PAGES` and replaces the links to all other files by their URL in the repository. Its
pages load nothing from other hosts. `mkdocs.yml` names this module; `make docs` runs it. It uses
only mkdocs and the standard library.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.nav import Navigation
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
PAGES = {"README.md": "index.md", "DESIGN.md": "design.md", "CHANGELOG.md": "changelog.md"}
"""The pages outside of `docs/`, by their path in the repository, and their paths in the site."""
_LINK = re.compile(r"(?<=\]\()(?!\w+:|#|/)([^)#\s]*)(#[^)\s]*)?(?=\))")
_CODE_BLOCK = re.compile(r"(^ *```.*?^ *```$)", re.MULTILINE | re.DOTALL)

_TABLE_ROW = re.compile(r"^\|.*\|$", re.MULTILINE)
_CODE = re.compile(r"`[^`\n]+`")
_LONG_NAME = re.compile(r"(?<=<code>)\w{32,}(?=</code>)")
_FOREIGN = re.compile(r'<(?:script|img|link rel="stylesheet")[^>]* (?:src|href)="https?:[^"]*')


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages outside of `docs/`."""
    for source, target in PAGES.items():
        files.append(File.generated(config, target, content=(ROOT / source).read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: object) -> str:
    """Rewrite the links of a page."""
    sources = {target: source for source, target in PAGES.items()}
    source = sources.get(page.file.src_uri, f"docs/{page.file.src_uri}")
    repository = f"{(config.repo_url or '').rstrip('/')}/blob/main"
    parts = _CODE_BLOCK.split(markdown)
    # Every second part is a code block, which stays as it is.
    parts[::2] = [
        _LINK.sub(lambda match: link(match[1], source, repository) + (match[2] or ""), part)
        for part in parts[::2]
    ]
    # Python's Markdown shows the backslash that a pipe in a table needs in the repository.
    return _TABLE_ROW.sub(lambda row: _CODE.sub(_without_escapes, row[0]), "".join(parts))


def _without_escapes(code: re.Match[str]) -> str:
    return code[0].replace("\\|", "|")


def on_page_content(html: str, **_: object) -> str:
    """Let a long name break after an underscore, so that a table with it needs less room."""
    return _LONG_NAME.sub(lambda name: name[0].replace("_", "_<wbr>"), html)


def on_post_page(output: str, page: Page, **_: object) -> str:
    """Load nothing from other hosts.

    Raises:
        PluginError: the page loads a file from another host.
    """
    # The theme's script would request the number of stars from the API of GitHub.
    output = output.replace(' data-md-component="source"', "")
    if found := _FOREIGN.search(output):
        raise PluginError(f"{page.file.src_uri} loads a file from another host: {found[0]}")
    return output


def link(target: str, source: str, repository: str) -> str:
    """Return the link of the site for a link of the repository.

    Args:
        target: the relative link, without an anchor.
        source: the path of the page that contains it, from the root of the repository.
        repository: the URL of the files of the repository.
    """
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    if path in PAGES:
        return PAGES[path]
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return f"{repository}/{path}"


def on_nav(nav: Navigation, config: MkDocsConfig, **_: object) -> Navigation:
    """Remember the navigation for `llms.txt`."""
    config.extra["navigation"] = nav
    return nav


def on_page_context(_context: object, page: Page, **_: object) -> None:
    """Describe a page by its first paragraph, for search engines."""
    page.meta.setdefault("description", first_paragraph(page))


def on_post_build(config: MkDocsConfig) -> None:
    """Write `llms.txt`: all pages of the site, with the first paragraph of each."""
    pages, sections = [], []
    for item in config.extra["navigation"].items:
        if item.is_page:
            pages.append(entry(item))
        else:
            sections += ["", f"## {item.title}", "", *map(entry, item.children)]
    title = ["# " + config.site_name, "", "> " + " ".join(config.site_description.split())]
    text = "\n".join([*title, "", "## Overview", "", *pages, *sections]) + "\n"
    Path(config.site_dir, "llms.txt").write_text(text, "utf-8")


def entry(page: Page) -> str:
    """Return the line of `llms.txt` for a page."""
    return f"- [{page.title}]({page.canonical_url or page.url}): {first_paragraph(page)}"


def first_paragraph(page: Page) -> str:
    """Return the first paragraph of a page as plain text in one line."""
    for block in re.split(r"\n\s*\n", page.file.content_string):
        if re.match(r"[\w`*\[]", block):
            text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", block)
            return " ".join(text.replace("`", "").replace("**", "").split())
    return ""
