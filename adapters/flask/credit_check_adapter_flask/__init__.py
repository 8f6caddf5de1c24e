"""The Flask adapter of the Credit Check SDK: an extension that guards views. It imports the front door of the SDK only."""

from credit_check_adapter_flask.extension import CreditCheckExtension

__all__ = ["CreditCheckExtension"]
