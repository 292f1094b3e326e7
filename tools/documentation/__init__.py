"""Writes the committed files under ``docs/`` from the model and its tables; run by ``make docs``."""
