"""The model against measurements of a mast."""

from solweig.validation.assess import Validation, compare, validate
from solweig.validation.mast import Mast, read_mast
from solweig.validation.page import write_validation

__all__ = ["Mast", "Validation", "compare", "read_mast", "validate", "write_validation"]
