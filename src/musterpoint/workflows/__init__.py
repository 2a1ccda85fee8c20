"""Use cases: what can be done with a station, each in one module, for every front end alike."""
