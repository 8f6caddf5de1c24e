"""SM2, SM3 and SM4 (国密) for the Credit Check SDK: receipts, the ledger's cipher, signed and sealed requests."""
