"""Damaged files in great number through every reader: each ends with success or with one clear message."""
