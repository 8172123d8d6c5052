"""What a release must hold: nothing of it is in the package."""
