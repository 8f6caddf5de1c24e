"""The ASGI adapter of the Credit Check SDK: a dependency that guards routes of FastAPI and Starlette.

It imports the front door of the SDK only.
"""

from credit_check_adapter_asgi.gate import CreditGate, client_of
from credit_check_adapter_asgi.life import credit_lifespan
from credit_check_adapter_asgi.problems import add_problem_details, problem_details

__all__ = ["CreditGate", "add_problem_details", "client_of", "credit_lifespan", "problem_details"]
