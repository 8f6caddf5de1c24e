"""Platforms described as data: a mapping file says how one is asked, what its answers mean, how it takes feedback.

It sees only what a plugin sees: the interface of plugins, the hooks and the values below them. It has no HTTP client,
socket or clock; it reads mapping files when a client is set up, and nothing afterwards. `plugin` is what the shell
registers (kind ``connector``). What the data cannot say is a plugin in Python on the same interface.
"""

from credit_check_sdk.connector import plugin

__all__ = ["plugin"]
