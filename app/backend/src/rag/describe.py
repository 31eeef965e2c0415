"""Write the description of the API (OpenAPI) to standard output: `python -m rag.describe`.

It needs no configuration and no server. Clients are generated from it, as the frontend's types are.
"""

import json
import sys

from rag.main import create_app
from rag.settings import Settings


def main() -> None:
    """Write the description as /openapi.json has it, but for the version of what is running."""
    # Without validation: nothing is connected, so what servers need is not asked for.
    app = create_app(Settings.model_construct())
    json.dump(app.openapi(), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
