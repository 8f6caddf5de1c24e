"""The front door as HTTP, for hosts in other languages: the same words, the same values. It decides nothing.

A host shows a host key with every call; the key says for which departments and matters it may call. Every call is on
record in the audit store. `running` serves it; what it needs comes with the extra ``service``.
"""
