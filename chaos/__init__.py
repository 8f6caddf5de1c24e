"""Break the product on purpose, at every place where a process can die, and see that nothing is lost: ``python -m chaos``.

A fault is played in a child process that is really killed; another child then picks up what is left, as the next start
of a host would, and judges it. Nothing here is imported by the product.
"""
