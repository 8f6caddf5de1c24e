"""Work on the parts of a long screening on an existing Dask cluster. It decides nothing and reads no row."""
