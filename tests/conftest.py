"""How laws are tried, wherever they are."""

from hypothesis import HealthCheck, settings

# A busy machine makes single examples slow, and the making of them: neither is a fault.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
