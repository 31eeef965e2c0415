"""`python -m rag_client`: the command `rag`."""

import sys

from rag_client.cli import main

sys.exit(main())
