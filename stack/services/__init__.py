"""The services of the platform; each module defines how to prepare, run and check its service."""
