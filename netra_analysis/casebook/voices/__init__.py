"""How services speak: dialects (the shape of a line), vocabularies (what is said), and who says it when."""
