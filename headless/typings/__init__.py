"""Types of an application's documents for those who write against it, spelled from their JSON Schemas."""
