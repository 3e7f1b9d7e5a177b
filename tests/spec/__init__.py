"""Properties every correct implementation of the model has."""
