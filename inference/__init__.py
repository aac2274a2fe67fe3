"""How a model is run: sources, pages to articles, the loop over them, sinks."""
