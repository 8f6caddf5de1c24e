"""A module of Tryton: a purchase is checked when it is quoted, and confirmed only behind the gate."""

from __future__ import annotations


def register() -> None:
    """Tell Tryton what this module changes."""
    from trytond.pool import Pool  # noqa: PLC0415  the same

    from credit_check_trial import purchase  # noqa: PLC0415  Tryton asks for it once its pool is being filled

    Pool.register(purchase.Purchase, module="credit_check_trial", type_="model")
