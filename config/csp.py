"""The content security policy that every page is served under.

Nothing inline and nothing evaluated: an injected model card or name can't run a script, load a remote
picture or send a form elsewhere.
"""

from typing import Any

from csp.constants import NONE, SELF

POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        # Charts draw small pictures of themselves as data: and hand out their PNG as blob:.
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
