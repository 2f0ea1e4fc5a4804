"""Pictures and tables that leave the monitor: SVG, HTML and PNG of what is drawn, CSV of what is behind it.

Rules: a picture is made of the same rows as on the screen, in colours of 24 bits; nothing in it is loaded
from elsewhere; what somebody else wrote is text in it and nothing more.

    runs       rows as runs of text with plain colours
    svg, html  pictures of text, in whatever monospaced font there is
    png        pictures of pixels, drawn cell by cell
    table      CSV
    export     which of them a file's name asks for, and writing it
"""
