"""The configuration as it is now: files with secrets change under a running process."""

import contextlib
import os
from pathlib import Path
from typing import Generic, TypeVar

import structlog
from pydantic import ValidationError

from rag import logs
from rag.settings import DatabaseSettings, problems_of, read

log = structlog.get_logger(__name__)

_SettingsT = TypeVar("_SettingsT", bound=DatabaseSettings)


class Live(Generic[_SettingsT]):
    """Reads the configuration anew whenever it is asked for, so that a rotated secret is used.

    What is wrong is logged, and the last good configuration stays.
    """

    def __init__(self, settings: _SettingsT) -> None:
        """`settings`: the configuration that the process began with."""
        self._last = settings
        self._seen: object = None

    def now(self) -> _SettingsT:
        """The configuration; its secrets are struck out of the log from now on."""
        if (there := _files()) == self._seen:
            return self._last
        self._seen = there
        try:
            self._last = read(type(self._last))
        except ValidationError as error:
            log.warning("configuration.kept", reason=problems_of(error))
        except OSError as error:
            log.warning("configuration.kept", reason=error.strerror or str(error))
        logs.hide(self._last.secrets())
        return self._last

    def database_url(self) -> str:
        """The URL of PostgreSQL."""
        return self.now().database_url.get_secret_value()


def _files() -> object:
    """What changes when a secret's file does: cheaper than reading all of the configuration."""
    folder = Path(os.environ.get("SECRETS_DIR", ""))
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        with contextlib.suppress(OSError):  # replaced meanwhile: seen next time
            about = path.stat()
            found.append((path.name, about.st_ino, about.st_mtime_ns, about.st_size))
    return found
