"""Import this before altair, papermill or nbformat: it spares each process about 1.7 seconds.

They import jsonschema, and jsonschema tries `rfc3987_syntax`, which builds a grammar while it is imported.
Nobody here validates IRIs. `None` in `sys.modules` makes that one import fail, which jsonschema allows for.
"""

import sys
from typing import cast

cast("dict[str, object]", sys.modules).setdefault("rfc3987_syntax", None)
