"""Keeps the libraries below from talking where wasit itself has something to say."""

import sys


def quiet_libraries() -> None:
    """Silences reports of loading; progress bars of libraries are shown on a terminal only."""
    import datasets
    from huggingface_hub.utils import logging as hub_logging
    from transformers.utils import logging

    logging.set_verbosity_error()
    # What goes wrong is told in a sentence; the library's own lines hold addresses with signatures.
    hub_logging.set_verbosity_error()
    logging.disable_progress_bar()
    if not sys.stderr.isatty():
        datasets.disable_progress_bars()
