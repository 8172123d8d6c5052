"""How the laws of taking records in are tried."""

from hypothesis import settings

# A busy machine makes single examples slow.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
