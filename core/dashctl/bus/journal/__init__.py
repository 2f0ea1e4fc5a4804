"""The journal: what a broker passed on, kept on disk, so that it outlives the broker.

Rules: what was acknowledged as durable is on disk; a segment stands alone, for it begins with all that
was known before it; what is torn or changed is cut off and never replayed; old segments go whole. The
loop of the broker waits for no disk. `docs/journal.md` has the bytes.
"""
