"""One setting for the certificates that pip, uv, Maven, TLC and AWS downloads trust. Needs no packages.

Each tool has a variable of its own; without it, each uses a list of its own that lacks private authorities.
"""

import hashlib
import tempfile
from collections.abc import Iterable, Mapping, MutableMapping
from pathlib import Path

NAMES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CURL_CA_BUNDLE")
"""httpx, uv and OpenSSL itself; requests and jgo; pip; curl, and tools that read its variable too."""
ALSO_SET = "AWS_CA_BUNDLE"
STORES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL, Amazon Linux
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # Alpine, macOS
)
MARK = "-----BEGIN CERTIFICATE-----"


class CertificateError(Exception):
    """A variable names missing certificates; the text tells which."""


def variables(environment: Mapping[str, str], cache: Path, stores: Iterable[str] = STORES) -> dict[str, str]:
    """Return the variables to set, so that the setting of one tool applies to all.

    Where SSL_CERT_FILE is set, only its certificates are trusted, as elsewhere; otherwise the machine's own
    are added.
    """
    named = {name: Path(environment[name]) for name in NAMES if environment.get(name)}
    for name, path in named.items():
        if not path.exists():
            raise CertificateError(f"{name}={path} does not exist; correct the path or unset {name}")
    store = next((Path(path) for path in stores if Path(path).is_file()), None)
    sources = list(dict.fromkeys(named.values()))
    if "SSL_CERT_FILE" not in named and store is not None and store not in sources:
        sources.append(store)
    if not sources:
        return {}
    bundle = sources[0] if len(sources) == 1 and sources[0].is_file() else _joined(sources, cache)
    also_set = {} if environment.get(ALSO_SET) else {ALSO_SET: str(bundle)}
    return {**dict.fromkeys(NAMES, str(bundle)), **also_set}


def _joined(sources: Iterable[Path], cache: Path) -> Path:
    """Write the certificates of all these files and folders into one file, named after its content."""
    text = "\n".join(_text(source) for source in sources)
    target = cache / "certificates" / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.pem"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=target.parent, delete=False, encoding="utf-8") as draft:
            draft.write(text)
        Path(draft.name).replace(target)
    return target


def _text(source: Path) -> str:
    if source.is_file():
        return source.read_text("utf-8", errors="replace")
    texts = {path.read_text("utf-8", errors="replace") for path in sorted(source.iterdir()) if path.is_file()}
    return "\n".join(sorted(text for text in texts if MARK in text))


def apply(environment: MutableMapping[str, str], cache: Path) -> None:
    """Set the variables for this process and its children."""
    environment.update(variables(environment, cache))
