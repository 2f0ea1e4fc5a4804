"""Rules on what is measured: read, evaluated as events come, and told to whoever should know.

Rules: evaluating is a pure fold that knows neither the bus nor a clock; what fires stands on the bus as
`Alert` events, and nowhere else.
"""
