"""The model against measurements of a mast."""

from solweig.validation.assess import Validation, compare, validate_mast
from solweig.validation.mast import Mast, read_mast
from solweig.validation.page import write_validation

__all__ = ["Mast", "Validation", "compare", "read_mast", "validate_mast", "write_validation"]
