"""What all tests share: hypothesis without deadlines, since machines are noisy."""

from hypothesis import HealthCheck, settings

settings.register_profile("dashctl", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("dashctl")
