"""The host's kernel for large work, compiled: tiles of rows, several at a time in the processor's vectors."""
