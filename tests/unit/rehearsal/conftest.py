"""What tests of policies share with those of modules is found from here."""

from __future__ import annotations
