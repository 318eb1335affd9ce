from hypothesis import settings

# No test measures time, so none may fail for being slow on a busy machine.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
