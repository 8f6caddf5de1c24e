"""A memory that processes of the Credit Check SDK share, on Redis or Valkey. Enable the plugin ``redis``."""
