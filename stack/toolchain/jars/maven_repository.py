"""Choose the Maven repository: a variable, a mirror of the user's Maven settings, or jgo's default."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from jgo.constants import MAVEN_CENTRAL_URL

from schemas.errors import UserError
from stack.settings import StackSettings


@dataclass(frozen=True)
class MavenRepository:
    """The base address of a repository and, where it requires one, a login."""

    base_url: str
    login: tuple[str, str] | None = None

    def address(self, path: str) -> str:
        """Return the address of a file in the repository."""
        return f"{self.base_url.rstrip('/')}/{path}"


def configured_repository(settings: StackSettings) -> MavenRepository:
    """Return the repository to download from."""
    if settings.maven_mirror_url:
        return MavenRepository(settings.maven_mirror_url)
    return mirror_of_settings(Path.home() / ".m2" / "settings.xml", os.environ) or _default_repository()


def mirror_of_settings(path: Path, environment: Mapping[str, str]) -> MavenRepository | None:
    """Return the mirror of Maven's central repository in a settings.xml, or None."""
    if not path.is_file():
        return None
    try:
        root = ElementTree.parse(path).getroot()  # noqa: S314 - the user's own file
    except ElementTree.ParseError as error:
        raise UserError(f"{path} is not valid XML: {error}", "fix the file, or move it away") from error
    for mirror in _elements(root, "mirrors", "mirror"):
        if _mirrors_central(_text(mirror, "mirrorOf")):
            url = _expanded(_text(mirror, "url"), environment)
            return MavenRepository(url, _login_of(root, _text(mirror, "id"), environment))
    return None


def _default_repository() -> MavenRepository:
    return MavenRepository(MAVEN_CENTRAL_URL)


def _mirrors_central(mirror_of: str) -> bool:
    names = {name.strip() for name in mirror_of.split(",")}
    return "!central" not in names and bool(names & {"*", "central", "external:*", "external:http:*"})


def _login_of(
    root: ElementTree.Element, server_id: str, environment: Mapping[str, str]
) -> tuple[str, str] | None:
    for server in _elements(root, "servers", "server"):
        if _text(server, "id") == server_id and _text(server, "username"):
            username, password = _text(server, "username"), _text(server, "password")
            return _expanded(username, environment), _expanded(password, environment)
    return None


def _elements(root: ElementTree.Element, outer: str, inner: str) -> list[ElementTree.Element]:
    # `{*}`: the file may or may not declare Maven's namespace.
    return root.findall(f"{{*}}{outer}/{{*}}{inner}")


def _text(element: ElementTree.Element, name: str) -> str:
    return (element.findtext(f"{{*}}{name}") or "").strip()


def _expanded(value: str, environment: Mapping[str, str]) -> str:
    return re.sub(r"\$\{env\.(\w+)\}", lambda match: environment.get(match[1], ""), value)
