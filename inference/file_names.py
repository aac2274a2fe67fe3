"""What the files of a run are called, beside its rows."""

REJECTS_FILE = "rejects.jsonl"
RUN_FILE = "run.json"
JOURNAL_FOLDER = ".journal"
"""Where an unfinished run notes what it has done; readers of tables pass over names that begin with a dot."""
