"""Whatever no other route is for, so that a wrong address is answered in JSON too. Must be the last router."""

from typing import NoReturn

from django.http import HttpRequest
from ninja import Router

from accounts.reasons import NotFound

router = Router()


@router.api_operation(["GET", "POST", "PUT", "PATCH", "DELETE"], "/{path:rest}", include_in_schema=False)
def nowhere(request: HttpRequest, rest: str) -> NoReturn:
    raise NotFound("not_found", f"There is nothing at {rest[:80]!r}.", "The routes are listed at /api/v1/docs.")
