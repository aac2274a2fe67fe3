"""What several tests share is in modules beside the folders of tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
