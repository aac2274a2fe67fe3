"""How a model is made: recipe, data, Trainer, metrics, calibration, evaluation."""
