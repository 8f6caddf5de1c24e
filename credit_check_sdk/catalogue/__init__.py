"""Measures, lists and matters as data, and their validation. It reads the package's own files and those it is given.

No number of a law stands in this code: each is a field of an entry under ``data/``. Reading YAML is imported only when
something is loaded.
"""

from credit_check_sdk.catalogue.entries import Catalogue, DecisionKind, ListCategory, MatterKind
from credit_check_sdk.catalogue.loading import load

__all__ = ["Catalogue", "DecisionKind", "ListCategory", "MatterKind", "load"]
