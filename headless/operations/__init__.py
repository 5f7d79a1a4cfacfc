"""What can be done with documents: short recipes of named steps, shared by every surface."""
