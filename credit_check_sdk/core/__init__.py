"""Decide: check, weigh, settle, require, relay, and count working days.

Everything here is a pure function or a flow: no I/O, no clock, no thread. What it needs of the world it asks for by
awaiting effects (`credit_check_sdk.flow`).
"""
