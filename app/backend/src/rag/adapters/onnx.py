"""Models in the ONNX format, run on this machine's CPU."""

from typing import Any

import onnxruntime


def session(model: bytes | str, threads: int) -> Any:
    """Load a model from its bytes, or from its path where weights lie beside it.

    threads: per inference. Raises whatever the library finds wrong with it.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        model, sess_options=options, providers=["CPUExecutionProvider"]
    )
