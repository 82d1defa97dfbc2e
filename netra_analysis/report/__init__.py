"""Claims, tables and charts to HTML: typed blocks in, one escaped page out. Nothing is written here."""
