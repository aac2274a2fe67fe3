"""The stand-in for the Hugging Face Hub is a module beside the folders of tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from hub_stub import hub

__all__ = ["hub"]
