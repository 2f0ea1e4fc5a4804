"""The bus over HTTP, for programs that speak nothing else; and the broker's numbers for Prometheus.

Rules: it is loaded when a command needs it, because the packages that it stands on belong to the
extra `serve`; it is one more producer and one more monitor to the broker, which does not know it.
"""
