"""How gateways want requests proved: HTTP message signatures, OAuth 2, and older schemes that are named weak."""
