"""Many files at once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rag_client.client import Rag
from rag_client.errors import ProblemError, UnreachableError


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file: a document, or the reason why not.

    `skipped`: its format is none that the backend takes.
    """

    path: Path
    document: dict[str, Any] | None = None
    reason: str = ""
    skipped: bool = False


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """Files, and those in folders at any depth, but hidden ones; links are not followed."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for inner in sorted(path.iterdir()):
            if not inner.name.startswith(".") and not inner.is_symlink():
                yield from files([inner])


def upload(
    rag: Rag,
    paths: Sequence[Path],
    concurrency: int,
    progress: Callable[[Outcome, int], None],
    working: Callable[[Path, dict[str, Any]], None],
    collection: str | None = None,
) -> list[Outcome]:
    """Upload files into a collection, `concurrency` at a time.

    `progress` hears of each, with how many are done; `working` of the jobs meanwhile, from the
    threads that follow them.
    """
    outcomes: list[Outcome] = []
    with ThreadPoolExecutor(concurrency) as pool:
        begun = [pool.submit(_upload, rag, path, working, collection) for path in paths]
        for done in as_completed(begun):
            outcomes.append(done.result())
            progress(outcomes[-1], len(outcomes))
    return outcomes


def _upload(
    rag: Rag,
    path: Path,
    working: Callable[[Path, dict[str, Any]], None],
    collection: str | None,
) -> Outcome:
    try:
        made = rag.upload(path, collection=collection, progress=partial(working, path))
        return Outcome(path, made)
    except ProblemError as error:
        return Outcome(path, reason=error.detail, skipped=error.status == 415)
    except (UnreachableError, OSError) as error:
        return Outcome(path, reason=str(error))
