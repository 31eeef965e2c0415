"""An embedding model from a folder, as sentence-transformers exports it to ONNX.

What its own files say of pooling, length and prompts holds unless the configuration says otherwise.
Whatever is wrong with the folder is told at the start, by the name of the file.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from rag.adapters.onnx import session
from rag.adapters.protocols import Vector

Pooling = Literal["mean", "cls"]

_MODELS = ("model.onnx", "onnx/model.onnx")
_TOKENIZER = "tokenizer.json"
_INPUTS = {"input_ids", "attention_mask", "token_type_ids"}
_USUAL_TOKENS = 512
_WORKERS = 2


class FolderError(Exception):
    """The folder holds no model that can be used; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the model reads texts; None: as its folder says."""

    pooling: Pooling | None = None
    tokens: int | None = None
    """Tokens of a text after which it is cut."""
    question: str | None = None
    """What goes before a question."""
    passage: str | None = None
    """What goes before a text of a document."""


class MountedEmbedder:
    """An `Embedder`; thread-safe. Vectors have the length 1, whether the model makes them so."""

    together = False
    failing = ""

    def __init__(
        self, folder: Path, threads: int, reading: Reading, languages: frozenset[str]
    ) -> None:
        """Load the model and run it once. Raises FolderError."""
        self.languages = languages
        self._folder = folder
        file = self._model_file()
        self._tokenizer = self._load_tokenizer()
        self._pooling = reading.pooling or self._own_pooling()
        tokens = reading.tokens or self._own_tokens()
        self._tokenizer.enable_truncation(max_length=tokens)
        prompts = self._prompts()
        self._before_question = _chosen(reading.question, prompts, "query")
        self._before_passage = _chosen(reading.passage, prompts, "document", "passage")
        try:
            # By its path: the weights of a large model are files beside it.
            self._session = session(str(file), threads)
            self._takes = {item.name for item in self._session.get_inputs()}
        except Exception as error:  # the library's own kinds of errors have no common one
            raise FolderError(f"{file} is not an ONNX model: {_short(error)}") from error
        if unknown := self._takes - _INPUTS:
            raise FolderError(f"{file} asks for inputs that no text has: {sorted(unknown)}")
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="embed")
        self.dimension = self._tried(file)
        self.model_id = (
            f"{folder.name}@sha256:{_digest(file, folder)};dim={self.dimension}"
            f";pooling={self._pooling};tokens={tokens}"
            f";question={self._before_question!r};passage={self._before_passage!r}"
        )

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector per text, in order; computed in a worker thread."""
        return [await self._computed(self._before_passage + text) for text in texts]

    async def question(self, text: str) -> Vector:
        """The vector to search with."""
        return await self._computed(self._before_question + text)

    async def close(self) -> None:
        """Stop the worker threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _computed(self, text: str) -> Vector:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._one, text)

    def _one(self, text: str) -> Vector:
        # Text by text, never padded: a vector does not depend on its neighbours.
        ids = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        feeds = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        given = {name: value for name, value in feeds.items() if name in self._takes}
        found: NDArray[np.float32] = self._session.run(None, given)[0]
        if found.ndim == 3:
            pooled = found[0].mean(axis=0) if self._pooling == "mean" else found[0][0]
        else:
            pooled = found[0]
        vector: Vector = (pooled / max(float(np.linalg.norm(pooled)), 1e-12)).astype(np.float32)
        return vector

    def _tried(self, file: Path) -> int:
        try:
            vector = self._one("a text")
        except Exception as error:  # as above
            raise FolderError(f"{file} cannot be run: {_short(error)}") from error
        if vector.ndim != 1 or not np.isfinite(vector).all() or not vector.any():
            raise FolderError(f"{file} makes no vectors of texts")
        return int(vector.shape[0])

    def _model_file(self) -> Path:
        for name in _MODELS:
            if (file := self._folder / name).is_file():
                return file
        raise FolderError(f"{self._folder / _MODELS[0]} is not there")

    def _load_tokenizer(self) -> Any:
        file = self._folder / _TOKENIZER
        if not file.is_file():
            raise FolderError(f"{file} is not there")
        try:
            made: Any = Tokenizer.from_file(str(file))
        except Exception as error:  # the library raises Exception itself
            raise FolderError(f"{file} is not a tokenizer: {_short(error)}") from error
        made.no_padding()
        return made

    def _own_pooling(self) -> Pooling:
        said = self._said("1_Pooling/config.json")
        if said.get("pooling_mode_cls_token"):
            return "cls"
        if not said or said.get("pooling_mode_mean_tokens"):
            return "mean"
        raise FolderError(
            f"{self._folder / '1_Pooling/config.json'} asks for a pooling other than mean and cls"
        )

    def _own_tokens(self) -> int:
        said = self._said("sentence_bert_config.json").get("max_seq_length")
        return said if isinstance(said, int) and said > 0 else _USUAL_TOKENS

    def _prompts(self) -> Mapping[str, Any]:
        found = self._said("config_sentence_transformers.json").get("prompts")
        return found if isinstance(found, dict) else {}

    def _said(self, name: str) -> dict[str, Any]:
        """What a file of the folder says; nothing where it is not there."""
        file = self._folder / name
        if not file.is_file():
            return {}
        try:
            found = json.loads(file.read_text())
        except ValueError as error:
            raise FolderError(f"{file} is not JSON") from error
        return found if isinstance(found, dict) else {}


def _chosen(given: str | None, prompts: Mapping[str, Any], *names: str) -> str:
    if given is not None:
        return given
    found = [text for name in names if isinstance(text := prompts.get(name), str)]
    return found[0] if found else ""


def _digest(file: Path, folder: Path) -> str:
    """Of all that a vector depends on; weights beside the model count by name and size."""
    made = hashlib.sha256(file.read_bytes())
    made.update((folder / _TOKENIZER).read_bytes())
    for beside in sorted(file.parent.glob("*.onnx_data*")):
        made.update(f"{beside.name} {beside.stat().st_size}".encode())
    return made.hexdigest()[:12]


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
