"""Mutants: modules that make printed numbers, wrong in one place at a time; the tests must notice."""
