"""Create the secrets of a stack: certificates and passwords, each once."""

import secrets as randomness
from pathlib import Path

from schemas.atomic_file import PRIVATE, write_atomically
from stack.ports import LOOPBACK
from stack.security.authority import Authority
from stack.security.secrets import KAFKA_NAME, KAFKA_USERS, POSTGRES_NAME, POSTGRES_ROLES, Secrets
from stack.state import Ports

PASSWORD_BYTES = 24


def prepared_secrets(home: Path, ports: Ports) -> Secrets:
    """Return the secrets of a stack that is about to start; create missing ones."""
    secrets = Secrets(home)
    secrets.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    secrets.folder.chmod(0o700)
    authority = Authority(secrets.folder)
    authority.ensure()
    for name in (KAFKA_NAME, POSTGRES_NAME):
        authority.ensure_issued(secrets.server_pem(name), name)
    wanted = [secrets.kafka_password_file(user) for user in KAFKA_USERS]
    for path in (*wanted, *(secrets.postgres_password_file(role) for role in POSTGRES_ROLES)):
        if not path.exists():
            write_atomically(path, randomness.token_urlsafe(PASSWORD_BYTES), PRIVATE)
    for role in POSTGRES_ROLES:
        line = f"{LOOPBACK}:{ports.postgres}:*:{role}:{secrets.postgres_password(role)}\n"
        write_atomically(secrets.passfile(role), line, PRIVATE)
    return secrets
