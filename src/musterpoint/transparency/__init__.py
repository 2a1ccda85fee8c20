"""The transparency log: hashing, proofs, checkpoints and events, as values; nothing here stores anything."""
