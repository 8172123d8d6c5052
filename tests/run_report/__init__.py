"""Run reports: what they are made of, and what they show."""
