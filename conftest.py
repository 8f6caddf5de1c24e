"""What every run of the tests begins with: property tests try the same examples each time.

A change must not fail, or pass, by luck. `HYPOTHESIS_PROFILE=explore make test` tries others, as many as it is given time
for; what it finds belongs into the tests as an example.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
