"""Tests. A package, so that ``python -m tests.validation.report`` finds this folder and no other."""
