"""Tests. A package, so that ``python -m tests.validation.report`` finds this one and no other."""
