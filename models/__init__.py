"""What a model is: taxonomy, mention finder, encoding, network, predictions, checkpoint."""
