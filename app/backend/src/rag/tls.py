"""Trust in servers: the system's certificates plus those of SSL_CERT_FILE."""

import ssl
from pathlib import Path

_SYSTEM_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


def system_bundle() -> str | None:
    """Path of the system's CA bundle, if it is there.

    OpenSSL reads SSL_CERT_FILE *instead* of it; we mean the variable as an addition,
    so that a private CA (for a database) does not shut out public services.
    """
    return str(_SYSTEM_BUNDLE) if _SYSTEM_BUNDLE.is_file() else None


def client_context(extra: str | None = None) -> ssl.SSLContext:
    """A verifying client context; `extra` is the path of one more CA bundle."""
    context = ssl.create_default_context()
    for bundle in (system_bundle(), extra):
        if bundle:
            context.load_verify_locations(cafile=bundle)
    return context


def postgres_context(
    sslmode: str, sslrootcert: str | None, ca: str | None = None
) -> ssl.SSLContext | str:
    """What asyncpg takes as `ssl` for libpq's `sslmode`.

    `ca`: PEM text of the authorities that alone are trusted, such as those of Amazon RDS; without
    it, those of the system and of `sslrootcert`.
    """
    if sslmode in ("disable", "allow", "prefer"):
        return sslmode
    context = ssl.create_default_context(cadata=ca) if ca else client_context(sslrootcert)
    if sslmode != "verify-full":
        context.check_hostname = False
    if sslmode == "require":
        context.verify_mode = ssl.CERT_NONE
    return context
