"""The reference protocol spoken: source, channel and signer, as a plugin like any other.

It sees only what a third party's plugin sees: the interface of plugins, the hooks and the values below them. It has no
HTTP client, no socket and no clock: it describes requests and awaits effects. `plugin` is what the shell registers.
"""

from credit_check_sdk.platform import plugin

__all__ = ["plugin"]
