"""Offline lists for the Credit Check SDK: whole lists kept on this machine, looked up in microseconds, encrypted at rest."""
