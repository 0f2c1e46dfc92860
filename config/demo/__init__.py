"""The demo: real models trained on real mortgage decisions, and the story that brings them to review."""
