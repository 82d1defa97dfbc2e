"""The general mechanism behind the catalogue: what a service does under its clients, its platform, its backends.

The bundled incident keeps its own `fleet` and `instance`, because its bytes are committed; everything else
of the casebook runs on this one.
"""
