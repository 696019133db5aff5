"""For mkdocs: pages of the site that lie outside docs/ in the repository, and the links to and from them."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

OUTSIDE = {  # page of the site: file of the repository
    "index.md": "README.md",
    "changelog.md": "CHANGELOG.md",
    "security.md": "SECURITY.md",
    "model-card.md": "models/en/card.md",
    "seeds.md": "seeds/README.md",
}
INSIDE = {source: page for page, source in OUTSIDE.items()}
LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)#\s]+)")
SOURCE = re.compile(r'(?<=href=")(?!\w+:)([^"#]+\.(?:md|ipynb))(?=[#"])')


def on_files(files: Files, config: Any) -> Files:
    root = posixpath.dirname(config.config_file_path)
    for page, source in OUTSIDE.items():
        files.append(File.generated(config, page, abs_src_path=posixpath.join(root, source)))
    return files


def on_page_markdown(markdown: str, page: Page, config: Any, files: Files) -> str:
    """Links that hold in the repository become links that hold in the site."""
    path = page.file.src_uri
    folder = posixpath.dirname(OUTSIDE.get(path, f"docs/{path}"))

    def moved(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, link[1]))
        place = INSIDE.get(target, target.removeprefix("docs/"))
        return posixpath.relpath(place, posixpath.dirname(path) or ".")

    return LINK.sub(moved, markdown)


def on_page_content(html: str, page: Page, config: Any, files: Files) -> str:
    """Links of notebooks, which mkdocs does not look at, lead to pages of the site."""

    def moved(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page.file.src_uri), link[1]))
        file = files.get_file_from_path(target)
        return get_relative_url(file.url, page.url) if file and file != page.file else link[1]

    return SOURCE.sub(moved, html) if page.file.src_uri.endswith(".ipynb") else html
