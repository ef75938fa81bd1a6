"""Hooks of mkdocs: pages from outside `docs/` with their links, and no asset of another host.

Runs in the environment `docs`, which has mkdocs and nothing of the platform.
"""

import os
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
PAGES_VARIABLE = "TAXI_DOCS_PAGES"
"""Names the folder with the generated pages; `./taxi docs` sets it."""

PROJECT = {
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security-policy.md",
    "CHANGELOG.md": "project/changelog.md",
    "README.md": "index.md",
}
FOLDERS = ("airflow_dags", "batch_backfill", "dbt", "flink_jobs", "live_map", "producer", "terraform")
"""Those whose READMEs are pages of the site."""

_LINK = re.compile(r"(?P<bang>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
_CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_ASSET = re.compile(
    r"<(?:script|link(?! rel=.?canonical)|img|iframe)\b[^>]*\b(?:src|href)=\"?(?:https?:)?//[^\s\">]+"
)


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages and the pages outside `docs/`."""
    for path, uri in {**dict(generated_pages()), **dict(repository_pages())}.items():
        if uri != "index.md":
            files.append(File.generated(config, uri, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let links between pages and into the repository work on the site."""
    return rewritten(markdown, page.file.src_uri)


def on_post_build(config: Any) -> None:
    """Fail when a page loads anything from another host."""
    for path in Path(config["site_dir"]).rglob("*.html"):
        if found := _ASSET.search(path.read_text("utf-8")):
            raise PluginError(f"{path.name} loads {found[0]}: the site must work without a network")


def generated_pages() -> Iterator[tuple[Path, str]]:
    """List the pages that `./taxi docs` has written, with their URIs."""
    folder = Path(os.environ[PAGES_VARIABLE])
    for path in sorted(folder.rglob("*.md")):
        yield path, path.relative_to(folder).as_posix()


def repository_pages() -> Iterator[tuple[Path, str]]:
    """List the pages next to the code, with their URIs."""
    for name, uri in PROJECT.items():
        yield ROOT / name, uri
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("README.md")):
            yield path, f"components/{path.parent.relative_to(ROOT).as_posix().replace('/', '-')}.md"


def rewritten(markdown: str, uri: str) -> str:
    """Rewrite the links of a page, except in code blocks."""
    uris = {path.relative_to(ROOT).as_posix(): uri for path, uri in repository_pages()}
    here = next((path for path, known in uris.items() if known == uri), f"docs/{uri}")
    here = "docs/index.md" if uri == "index.md" else here

    def link(found: re.Match[str]) -> str:
        target, hash_sign, anchor = found["target"].partition("#")
        if not target or "//" in target or target.startswith("mailto:"):
            return found[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(here), target))
        known = uris.get(path) or (path.removeprefix("docs/") if path.startswith("docs/") else None)
        if known and not (ROOT / path).is_dir():
            new = posixpath.relpath(known, posixpath.dirname(uri) or ".")
            return f"{found['bang']}[{found['text']}]({new}{hash_sign}{anchor})"
        # There is no page for a file of the code: the reader gets its path.
        is_path = found["text"].strip("`") == path
        return f"`{path}`" if is_path else f"{found['text']} (`{path}`)"

    texts, blocks = _CODE_BLOCK.split(markdown), [*_CODE_BLOCK.findall(markdown), ""]
    return "".join(_LINK.sub(link, text) + block for text, block in zip(texts, blocks, strict=True))
