"""Do things: HTTP, memory, ledger, audit, keys, plugins, clocks, threads. Private; it decides nothing.

HTTP clients, caches, databases, threads and event loops live here and nowhere else.
"""
