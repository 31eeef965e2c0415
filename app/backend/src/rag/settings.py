"""Configuration by environment variables and files; a bad one is named, its value never shown."""

import os
import sys
from pathlib import Path
from typing import Annotated, Literal, NoReturn, Self, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from rag.access.limits import DEFAULTS, Kind
from rag.access.scope import Mode, Role
from rag.adapters.addresses import Policy
from rag.ask.fusion import CollectionWeights, Fusion, Weights
from rag.imports.buckets import Buckets
from rag.ingest.limits import Limits

EX_CONFIG = 78
"""Exit status of a process whose configuration is wrong (sysexits.h)."""

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_KEY_LENGTH = 32
_POSTGRES_OPTIONS = {"sslmode", "sslrootcert", "application_name", "connect_timeout"}


def _url(value: str, schemes: tuple[str, ...]) -> None:
    """Raise ValueError (without the value) unless `value` is a URL of one of `schemes`."""
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is not a URL (special characters must be percent-encoded)") from None
    if parts.scheme not in schemes or not host:
        raise ValueError(f"must be a URL like {schemes[0]}://host:port/...")


def _database_url(value: SecretStr) -> SecretStr:
    _url(value.get_secret_value(), ("postgresql", "postgres"))
    parts = urlsplit(value.get_secret_value())
    if not parts.path.strip("/"):
        raise ValueError("must end in the name of a database")
    options = dict(parse_qsl(parts.query))
    if unknown := sorted(set(options) - _POSTGRES_OPTIONS):
        raise ValueError(f"has options which are not supported: {', '.join(unknown)}")
    if options.get("sslmode", "prefer") not in SSL_MODES:
        raise ValueError(f"has a wrong sslmode (one of {', '.join(SSL_MODES)})")
    if not options.get("connect_timeout", "1").isdigit():
        raise ValueError("has a connect_timeout which is not a number of seconds")
    return value


def _redis_url(value: SecretStr) -> SecretStr:
    _url(value.get_secret_value(), ("redis", "rediss"))
    return value


def _http_url(value: str) -> str:
    _url(value, ("http", "https"))
    return value


def _platform_key(value: SecretStr | None) -> SecretStr | None:
    text = value.get_secret_value() if value else ""
    if value and not (_KEY_LENGTH <= len(text) <= 512 and text.isascii() and text.isprintable()):
        raise ValueError(f"must have {_KEY_LENGTH} to 512 printable ASCII characters")
    if " " in text:
        raise ValueError("must have no space")
    return value


def _sentry_dsn(value: SecretStr) -> SecretStr:
    _url(value.get_secret_value(), ("https", "http"))
    parts = urlsplit(value.get_secret_value())
    if not parts.username or not parts.path.rpartition("/")[2].isdigit():
        raise ValueError("must be a URL like https://key@host/project")
    return value


DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]
RedisUrl = Annotated[SecretStr, AfterValidator(_redis_url)]
SentryDsn = Annotated[SecretStr, AfterValidator(_sentry_dsn)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
# An empty file is no key: there is no previous one before the first rotation.
PlatformKey = Annotated[
    SecretStr | None, BeforeValidator(lambda given: given or None), AfterValidator(_platform_key)
]

_READ = {
    "import_policy": "IMPORT_ALLOWED_HOSTS, IMPORT_PORTS",
    "import_sources": "IMPORT_BUCKETS",
    "fusion": "COLLECTION_WEIGHTS",
}
"""Variables with a form of their own, by what reads it."""
_SettingsT = TypeVar("_SettingsT", bound=BaseSettings)


class DatabaseSettings(BaseSettings):
    """What whoever speaks with the database needs."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    database_url: DatabaseUrl
    # Authorities that sign the database's certificate, and no others.
    database_ca: str | None = Field(default=None, pattern=r"(?s)^-----BEGIN CERTIFICATE-----.*")
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")

    def secrets(self) -> list[str]:
        """Every secret text of this configuration, to be struck out of messages."""
        return _secrets_of(self.database_url)


class MigrationSettings(DatabaseSettings):
    """What `python -m rag.migrate` needs: the database as its owner, and how long to wait.

    `application_database_url`: the login that the server uses, which the migration makes.
    """

    application_database_url: DatabaseUrl | None = None
    migrate_timeout_seconds: float = Field(default=60, gt=0, le=3600)

    def secrets(self) -> list[str]:
        """Every secret text of this configuration, to be struck out of messages."""
        own = self.application_database_url
        return [*super().secrets(), *(_secrets_of(own) if own else [])]


class Settings(DatabaseSettings):
    """What the server needs. Environment variables are the names in upper case."""

    redis_url: RedisUrl
    s3_bucket: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    aws_region: str = Field(pattern=r"^[a-z0-9-]+$")
    aws_endpoint_url: HttpUrl | None = None
    milvus_uri: HttpUrl
    milvus_token: SecretStr | None = None
    milvus_ca: str | None = Field(default=None, pattern=r"(?s)^-----BEGIN CERTIFICATE-----.*")
    milvus_collection: str = Field(default="documents", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")

    # Who asks for no keys says so.
    auth: Mode = "keys"
    # The platform's own key, and the one before it: both are good while it is rotated.
    api_key: PlatformKey = None
    api_key_previous: PlatformKey = None

    # People's sign-in: the issuer's URL as its discovery document has it, and what it knows us by.
    oidc_issuer: HttpUrl | None = None
    oidc_client_id: str | None = Field(default=None, min_length=1, max_length=255)
    oidc_client_secret: SecretStr | None = None
    oidc_scopes: str = Field(default="openid profile email", pattern=r"^openid( [!-~]+)*$")
    oidc_role_claim: str = Field(default="groups", min_length=1, max_length=255)
    # Roles by the values of that claim, as JSON; without one that fits, the default role.
    oidc_roles: dict[str, Role] = Field(default_factory=dict)
    oidc_default_role: Role | Literal["none"] = "none"
    oidc_tenant_claim: str | None = Field(default=None, max_length=255)
    oidc_logout_url: HttpUrl | None = None
    # Where people reach the frontend: what comes from another page changes nothing.
    frontend_url: HttpUrl | None = None
    session_idle_seconds: int = Field(default=3600, ge=1, le=7 * 86400)
    session_seconds: int = Field(default=12 * 3600, ge=1, le=30 * 86400)

    # Requests in a minute of one key, or of one address with AUTH=none; 0: no limit.
    # Without a number: the usual one with keys, and no limit where nobody is asked.
    limit_ask: int | None = Field(default=None, ge=0, le=1_000_000)
    limit_upload: int | None = Field(default=None, ge=0, le=1_000_000)
    limit_read: int | None = Field(default=None, ge=0, le=1_000_000)
    limit_admin: int | None = Field(default=None, ge=0, le=1_000_000)

    openai_api_key: SecretStr | None = None
    openai_base_url: HttpUrl | None = None
    openai_model: str = "gpt-4.1-mini"
    openai_timeout_seconds: float = Field(default=20, gt=0, le=120)
    openai_total_seconds: float = Field(default=90, gt=0, le=600)
    openai_concurrency: int = Field(default=32, ge=1, le=1000)
    # Of a million tokens, in any currency; 0: the cost is not shown.
    openai_prompt_price: float = Field(default=0, ge=0, le=1e6)
    openai_completion_price: float = Field(default=0, ge=0, le=1e6)

    # What makes vectors of texts: the image's own model, a server that speaks OpenAI's API, or a
    # model in the ONNX format in a folder.
    embeddings: Literal["local", "openai", "onnx"] = "local"
    embedding_model: str | None = Field(default=None, max_length=200)
    embedding_dimension: int | None = Field(default=None, ge=2, le=32768)
    embedding_dimension_sent: bool = False
    embedding_base_url: HttpUrl | None = None
    embedding_api_key: SecretStr | None = None
    embedding_folder: str | None = None
    embedding_pooling: Literal["mean", "cls"] | None = None
    embedding_tokens: int | None = Field(default=None, ge=16, le=32768)
    # Blanks at their ends count. None: as the model's folder says, or nothing.
    embedding_question_prefix: str | None = None
    embedding_passage_prefix: str | None = None
    # Empty: all that there are.
    embedding_languages: str = Field(default="", pattern=r"^(\*|[a-z]{2,3}(, ?[a-z]{2,3})*)?$")
    embedding_batch: int = Field(default=32, ge=1, le=2048)
    embedding_characters: int = Field(default=8000, ge=256, le=1_000_000)
    embedding_concurrency: int = Field(default=8, ge=1, le=256)
    embedding_timeout_seconds: float = Field(default=10, gt=0, le=120)
    embedding_total_seconds: float = Field(default=30, gt=0, le=600)

    # A server that reads question and passages together; none: the searches' own order.
    rerank_url: HttpUrl | None = None
    rerank_api: Literal["cohere", "tei"] = "cohere"
    rerank_model: str = Field(default="", max_length=200)
    rerank_api_key: SecretStr | None = None
    rerank_passages: int = Field(default=50, ge=2, le=200)
    rerank_characters: int = Field(default=4000, ge=256, le=100_000)
    rerank_concurrency: int = Field(default=8, ge=1, le=256)
    rerank_timeout_seconds: float = Field(default=2, gt=0, le=60)

    mcp: bool = False
    # Names under which clients reach the server. Anything else may be a page in a browser whose
    # name was bound to this address.
    mcp_allowed_hosts: str = "localhost:*,127.0.0.1:*,localhost,127.0.0.1"
    mcp_allowed_origins: str = ""

    # Read by OpenTelemetry's own library, with its other standard variables; here for the check.
    otel_exporter_otlp_endpoint: HttpUrl | None = None
    otel_exporter_otlp_headers: SecretStr | None = None
    sentry_dsn: SentryDsn | None = None
    sentry_environment: str = Field(default="production", pattern=r"^[A-Za-z0-9._-]{1,64}$")

    app_version: str = "0.0.0"
    git_sha: str = "unknown"

    host: str = "0.0.0.0"  # noqa: S104 - a pod is reached at its own address
    port: int = Field(default=8000, ge=1, le=65535)
    drain_seconds: float = Field(default=5, ge=0, le=120)
    shutdown_seconds: int = Field(default=20, ge=1, le=300)
    public_url: HttpUrl | None = None
    heartbeat_seconds: float = Field(default=10, gt=0, le=60)
    keep_alive_seconds: int = Field(default=75, ge=1, le=4100)

    max_upload_bytes: int = Field(default=10 * 1024 * 1024, ge=1024, le=100 * 1024 * 1024)
    max_chunks: int = Field(default=2000, ge=1, le=20000)
    max_characters: int = Field(default=1_500_000, ge=1000, le=100_000_000)
    # Bytes of uploads that may be in memory at the same time: each is there twice for a moment.
    receive_bytes: int = Field(default=64 * 1024 * 1024, ge=1024, le=8 * 1024**3)
    batch_files: int = Field(default=50, ge=1, le=1000)

    worker: Literal["embedded", "separate"] = "embedded"
    worker_queue: str = Field(default="default", pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")
    # Memory of as many documents at once must fit into the pod's, beside the server's own.
    worker_concurrency: int = Field(default=2, ge=1, le=8)
    worker_probe_port: int = Field(default=8001, ge=1, le=65535)
    # Seconds that jobs may still run in a separate worker that was told to end.
    worker_stop_seconds: float = Field(default=20, ge=0, le=300)
    worker_missing: Literal["warn", "fail"] = "warn"
    lease_seconds: float = Field(default=30, ge=1, le=3600)
    max_attempts: int = Field(default=5, ge=1, le=100)
    backoff_seconds: float = Field(default=5, gt=0, le=300)
    queue_limit: int = Field(default=1000, ge=1, le=10_000_000)
    queue_bytes: int = Field(default=2 * 1024**3, ge=1024, le=10 * 1024**4)
    queue_warn_seconds: float = Field(default=600, gt=0, le=86400)
    keep_versions: int = Field(default=10, ge=0, le=1000)
    jobs_keep_days: float = Field(default=30, gt=0, le=3660)

    # A service that reads scans.
    ocr_url: HttpUrl | None = None
    ocr_seconds: float = Field(default=120, gt=0, le=3600)

    # Files that workers fetch: nothing, unless it is asked for.
    import_urls: bool = False
    import_http: bool = False
    import_allowed_hosts: str = ""
    import_ports: str = "80,443"
    import_seconds: float = Field(default=60, gt=0, le=3600)
    import_buckets: str = ""
    import_objects: int = Field(default=10_000, ge=1, le=10_000_000)

    ingest_memory_mib: int = Field(default=384, ge=128, le=16384)
    ingest_cpu_seconds: int = Field(default=45, ge=1, le=3600)
    ingest_seconds: float = Field(default=90, gt=0, le=3600)
    # Two texts are embedded at a time. More threads for each cost twice the CPU time, and gain
    # nothing where a pod has one core.
    embed_threads: int = Field(default=1, ge=1, le=64)
    embed_cache_texts: int = Field(default=10_000, ge=0, le=1_000_000)
    ask_waiting: int = Field(default=24, ge=1, le=1000)

    retrieve_candidates: int = Field(default=100, ge=1, le=200)
    retrieve_chunks: int = Field(default=12, ge=1, le=50)
    dense_weight: float = Field(default=1, gt=0, le=100)
    lexical_weight: float = Field(default=1, gt=0, le=100)
    collection_weights: str = ""
    min_confidence: float = Field(default=0.47, ge=0, le=1)
    min_cosine: float = Field(default=0.25, ge=-1, le=1)
    sure_cosine: float = Field(default=0.62, ge=-1, le=1)
    min_coverage: float = Field(default=0.6, ge=0, le=1)
    answer_cache_seconds: int = Field(default=300, ge=0, le=86400)
    answer_cache_similarity: float = Field(default=0, ge=0, le=1)

    dependency_timeout_seconds: float = Field(default=5, gt=0, le=60)
    readiness_timeout_seconds: float = Field(default=1, gt=0, le=1)
    readiness_cache_seconds: float = Field(default=2, ge=0, le=10)

    @property
    def mcp_hosts(self) -> list[str]:
        """Values of the header Host that are let in; `:*` stands for every port."""
        return [item for each in self.mcp_allowed_hosts.split(",") if (item := each.strip())]

    @property
    def mcp_origins(self) -> list[str]:
        """Values of the header Origin that are let in."""
        return [item for each in self.mcp_allowed_origins.split(",") if (item := each.strip())]

    @property
    def embedding_language_tags(self) -> list[str]:
        """BCP 47 tags of the languages that the model has learnt; empty: the usual ones."""
        return [item for each in self.embedding_languages.split(",") if (item := each.strip())]

    @property
    def embedding_key(self) -> SecretStr | None:
        """The key of the server that embeds. OpenAI's own has the one that answers are made with;
        another server never gets that.
        """
        own = self.embedding_api_key
        return own if own or self.embedding_base_url else self.openai_api_key

    @property
    def import_policy(self) -> Policy | None:
        """Where URLs are fetched from; None: none is."""
        policy = Policy.of(self.import_allowed_hosts, self.import_ports, plain=self.import_http)
        return policy if self.import_urls else None

    @property
    def import_sources(self) -> Buckets:
        """Which buckets are imported from."""
        return Buckets.of(self.import_buckets)

    @property
    def fusion(self) -> Fusion:
        """What the two searches count, by collection."""
        usual = Weights(self.dense_weight, self.lexical_weight)
        return Fusion(usual, CollectionWeights.of(self.collection_weights))

    @property
    def limits(self) -> Limits:
        """What reading one document may take."""
        return Limits(
            cpu_seconds=self.ingest_cpu_seconds,
            seconds=self.ingest_seconds,
            memory=self.ingest_memory_mib << 20,
            characters=self.max_characters,
            chunks=self.max_chunks,
        )

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        for name, variable in _READ.items():
            try:
                getattr(self, name)
            except ValueError as error:
                raise ValueError(f"{variable}: {error}") from None
        if self.s3_bucket in self.import_sources.names():
            # Whoever imports from it reads the documents of all tenants.
            raise ValueError("IMPORT_BUCKETS: must not name the bucket of the documents")
        return self

    @model_validator(mode="after")
    def _has_a_key(self) -> Self:
        if self.auth != "none" and not self.api_key:
            raise ValueError("API_KEY: is missing (with AUTH=none nobody is asked for a key)")
        return self

    @model_validator(mode="after")
    def _has_a_model(self) -> Self:
        needed = {
            "local": (),
            "openai": ("embedding_model", "embedding_dimension"),
            "onnx": ("embedding_folder",),
        }[self.embeddings]
        if missing := [name.upper() for name in needed if not getattr(self, name)]:
            raise ValueError(f"{missing[0]}: is missing (EMBEDDINGS={self.embeddings} needs it)")
        if self.embeddings == "openai" and not (self.embedding_base_url or self.embedding_key):
            raise ValueError("EMBEDDING_API_KEY: is missing, or EMBEDDING_BASE_URL")
        return self

    @model_validator(mode="after")
    def _knows_an_issuer(self) -> Self:
        if self.auth == "oidc":
            for name in ("oidc_issuer", "oidc_client_id", "frontend_url"):
                if not getattr(self, name):
                    raise ValueError(f"{name.upper()}: is missing (with AUTH=oidc people sign in)")
            if not self.oidc_roles and self.oidc_default_role == "none":
                raise ValueError("OIDC_ROLES: is missing, and so nobody could sign in")
        return self

    def quotas(self) -> dict[Kind, int]:
        """Requests of each kind in a minute; 0: no limit."""
        given: dict[Kind, int | None] = {
            "ask": self.limit_ask,
            "upload": self.limit_upload,
            "read": self.limit_read,
            "admin": self.limit_admin,
        }
        usual = DEFAULTS if self.auth != "none" else dict.fromkeys(DEFAULTS, 0)
        return {kind: usual[kind] if own is None else own for kind, own in given.items()}

    def platform_keys(self) -> list[str]:
        """The platform's own keys, the newest first."""
        found = (self.api_key, self.api_key_previous)
        return [each.get_secret_value() for each in found if each]

    def secrets(self) -> list[str]:
        """Every secret text of this configuration, to be struck out of messages."""
        given = (
            self.milvus_token,
            self.openai_api_key,
            self.embedding_api_key,
            self.rerank_api_key,
            self.oidc_client_secret,
            self.sentry_dsn,
        )
        keys = [secret.get_secret_value() for secret in given if secret]
        if self.sentry_dsn:
            keys.append(urlsplit(self.sentry_dsn.get_secret_value()).username or "")
        keys += self.platform_keys()
        found = {*super().secrets(), *_secrets_of(self.redis_url), *keys}
        if headers := self.otel_exporter_otlp_headers:
            found |= {item.partition("=")[2] for item in headers.get_secret_value().split(",")}
        found.discard("")
        return sorted(found, key=len, reverse=True)


def _secrets_of(url: SecretStr) -> list[str]:
    text = url.get_secret_value()
    password = urlsplit(text).password
    return [text, *([password, unquote(password)] if password else [])]


def load(kind: type[_SettingsT]) -> _SettingsT:
    """Read the environment, or end the process with one line that names every bad variable."""
    try:
        return read(kind)
    except ValidationError as error:
        _refuse(error)


def read(kind: type[_SettingsT]) -> _SettingsT:
    """Read the environment, and for what it lacks the files of the folder SECRETS_DIR.

    The files have the variables' names. Raises ValidationError.
    """
    folder = os.environ.get("SECRETS_DIR", "")
    return kind(_secrets_dir=folder if Path(folder).is_dir() else None)


def problems_of(error: ValidationError) -> str:
    """Every bad variable with what is wrong with it, without its value."""
    problems = []
    for item in error.errors(include_input=False, include_url=False, include_context=False):
        name = "_".join(str(part) for part in item["loc"]).upper()
        reason = "is missing" if item["type"] == "missing" else item["msg"]
        reason = reason.removeprefix("Value error, ")
        problems.append(f"{name}: {reason}" if name else reason)
    return "; ".join(problems)


def _refuse(error: ValidationError) -> NoReturn:
    # Before there is a log.
    print(f"configuration error: {problems_of(error)}", file=sys.stderr)  # noqa: T201
    raise SystemExit(EX_CONFIG)
