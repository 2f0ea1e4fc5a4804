"""The detector: tells from host telemetry which phase an attack is in.

Rules: this package knows nothing of the bus or the screen; it reports through plain callbacks, so
that it serves as a library without a dashboard. This file imports nothing, so that the emulator's
child process starts at once and `import dashctl.detector` costs nothing; import the parts by name
(`from dashctl.detector.collect import collect`).
"""
