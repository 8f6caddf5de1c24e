"""Migrations of the host's app."""
