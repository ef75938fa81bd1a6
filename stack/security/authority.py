"""The certificate authority of this stack: clients trust no other certificates."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from schemas.atomic_file import PRIVATE, write_atomically
from stack.ports import LOOPBACK

AUTHORITY_DAYS = 3650
SERVER_DAYS = 397
RENEWED_DAYS_BEFORE = 30


@dataclass(frozen=True)
class Authority:
    """The key and the certificate that sign the server certificates of one stack."""

    folder: Path

    @property
    def certificate(self) -> Path:
        """The certificate that clients trust."""
        return self.folder / "ca.pem"

    @property
    def key(self) -> Path:
        """The signing key; any process that can read it can impersonate every server."""
        return self.folder / "ca-key.pem"

    def ensure(self) -> None:
        """Create key and certificate unless they exist."""
        if self.certificate.exists():
            return
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("nyc-taxi local authority")
        builder = _builder(name, name, key.public_key(), datetime.now(UTC) + timedelta(days=AUTHORITY_DAYS))
        certificate = (
            builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        write_atomically(self.key, _private_text(key), PRIVATE)
        write_atomically(self.certificate, certificate.public_bytes(serialization.Encoding.PEM), PRIVATE)

    def issue(self, name: str, until: datetime | None = None) -> bytes:
        """Return key and certificate for a loopback server, in one PEM text; the end may be in the past."""
        key = ec.generate_private_key(ec.SECP256R1())
        signer = serialization.load_pem_private_key(self.key.read_bytes(), None)
        above = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        end = until or datetime.now(UTC) + timedelta(days=SERVER_DAYS)
        where: list[x509.GeneralName] = [
            x509.IPAddress(ipaddress.ip_address(LOOPBACK)),
            x509.DNSName("localhost"),
        ]
        uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        certificate = (
            _builder(_name(name), above.subject, key.public_key(), end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
            .add_extension(x509.SubjectAlternativeName(where), critical=False)
            .add_extension(_signer_of(above), critical=False)
            .sign(signer, hashes.SHA256())  # type: ignore[arg-type]  # our key is always an elliptic one
        )
        return _private_text(key) + certificate.public_bytes(serialization.Encoding.PEM)

    def ensure_issued(self, path: Path, name: str) -> None:
        """Create a server's PEM file, or renew it when it is about to expire."""
        if not path.exists() or _expires_at(path) < datetime.now(UTC) + timedelta(days=RENEWED_DAYS_BEFORE):
            write_atomically(path, self.issue(name), PRIVATE)


def split_pem(text: bytes) -> tuple[bytes, bytes]:
    """Split a server's PEM text into certificate and key."""
    key, mark, certificate = text.partition(b"-----BEGIN CERTIFICATE-----")
    return mark + certificate, key


def _expires_at(path: Path) -> datetime:
    return x509.load_pem_x509_certificate(split_pem(path.read_bytes())[0]).not_valid_after_utc


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, end: datetime
) -> x509.CertificateBuilder:
    # One hour back because clocks differ; for an expired certificate, before its end.
    begin = min(datetime.now(UTC), end) - timedelta(hours=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _signer_of(certificate: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    known = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(known.value)


def _private_text(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
