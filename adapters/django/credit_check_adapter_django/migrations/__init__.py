"""The app's migrations: Django is told of the ledger's index and makes no table of it."""
