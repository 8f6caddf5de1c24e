"""A host's app in the tests: files of an approval system."""
