"""The door: one file a command, no logic of its own."""
