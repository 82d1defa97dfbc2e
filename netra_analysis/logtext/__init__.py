"""What a line of log text says: level, exception, fingerprint, platform event, client and route.

Pure: strings in, frozen values out. Every pattern on log text runs in RE2, so no line can make it slow.
"""
