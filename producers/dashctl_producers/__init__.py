"""Programs that have something to tell: the collector records episodes, the detector trains on them.

Rules: a producer knows a core and the event classes; where its events go is said by who runs it.
"""
