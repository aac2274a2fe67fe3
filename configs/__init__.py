"""What a person edits: the taxonomy, the page rules and the training recipes, as YAML."""
