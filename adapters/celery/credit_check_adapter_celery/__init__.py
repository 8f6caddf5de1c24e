"""The Celery adapter of the Credit Check SDK: tasks that check, and tasks that run behind the gate.

It imports the front door of the SDK only. What goes through the broker is the number of a file, never who is checked.
"""

from credit_check_adapter_celery.tasks import CreditTasks, RefusedError

__all__ = ["CreditTasks", "RefusedError"]
