"""What schemathesis cannot know of the API."""

import itertools
import re

import schemathesis

KEY = "Idempotency-Key"
VALID = re.compile(r'("?)([!#-\[\]-~]{1,240})("?)\Z')
numbers = itertools.count(1)


@schemathesis.hook
def before_call(context, case, kwargs):
    """A key is for one request: generated ones come again with others, and would only be refused for that."""
    parts = VALID.match(str((case.headers or {}).get(KEY, "")))
    if parts and parts[1] == parts[3]:
        case.headers[KEY] = f"{parts[1]}{parts[2]}-{next(numbers)}{parts[3]}"
