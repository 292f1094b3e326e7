"""The typed model and the data files beside it: plain dataclasses, free of large libraries."""
