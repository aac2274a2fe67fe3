import subprocess
import sys
from pathlib import Path


def test_importing_wasit_models_is_enough_for_the_auto_classes(tiny_model: Path) -> None:
    code = (
        "import wasit.models; from transformers import AutoModel; "
        f"print(type(AutoModel.from_pretrained({str(tiny_model)!r})).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "WasitModel", done.stderr
