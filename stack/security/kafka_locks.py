"""Access control of the broker: TLS, passwords, and ACLs for known users."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from schemas.atomic_file import PRIVATE, write_atomically
from schemas.kafka_security import SCRAM_MECHANISM
from stack.security.secrets import KAFKA_NAME, KAFKA_USERS, OWNER, Secrets

_MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule"


def kafka_locks(secrets: Secrets) -> dict[str, object]:
    """Return what server.properties adds or overrides in a secure stack.

    Clients authenticate with a password. The node authenticates to its controller with its certificate: the
    controller stores the SCRAM passwords, and therefore cannot require one.
    """
    server = secrets.server_pem(KAFKA_NAME)
    password = f"${{directory:{secrets.folder}:{secrets.kafka_password_file(OWNER).name}}}"
    return {
        "listener.security.protocol.map": "BROKER:SASL_SSL,CONTROLLER:SSL",
        "listener.name.controller.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": SCRAM_MECHANISM,
        "sasl.mechanism.inter.broker.protocol": SCRAM_MECHANISM,
        "config.providers": "directory",
        "config.providers.directory.class": "org.apache.kafka.common.config.provider.DirectoryConfigProvider",
        f"listener.name.broker.{SCRAM_MECHANISM.lower()}.sasl.jaas.config": (
            f'{_MODULE} required username="{OWNER}" password="{password}";'
        ),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": server,
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": secrets.authority_certificate,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        "super.users": f"User:{OWNER};User:CN={KAFKA_NAME}",
    }


@contextmanager
def with_users(secrets: Secrets, command: Sequence[str]) -> Iterator[list[str]]:
    """Return the storage format command with the users in a file, because command lines are public."""
    user_arguments = [
        f"--add-scram={SCRAM_MECHANISM}=[name={user},password={secrets.kafka_password(user)}]"
        for user in KAFKA_USERS
    ]
    program, *arguments = command
    path = secrets.folder / "kafka-format.args"
    lines = [f"{_quoted(argument)}\n" for argument in (*arguments, *user_arguments)]
    write_atomically(path, "".join(lines), PRIVATE)
    try:
        yield [program, f"@{path}"]
    finally:
        path.unlink()


def _quoted(argument: str) -> str:
    escaped = argument.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
