"""The native API, version 1. Every route needs a token; writing and reviewing need their scope."""

from ninja import NinjaAPI

from api.auth import READ, TokenAuth
from api.parsing import StrictParser
from api.problems import install_problem_handlers
from api.routes import audit, datasets, elsewhere, lineage, models, operating, promotions, versions

api = NinjaAPI(
    title="Assaydesk",
    version="1",
    description="The registry and its promotions, for pipelines. Errors are problem+json with a stable `code`.",
    auth=TokenAuth(READ),
    docs_url="/docs",
    openapi_url="/openapi.json",
    urls_namespace="api",
    parser=StrictParser(),
)
install_problem_handlers(api)
for routes in (models, versions, datasets, lineage, promotions, operating, audit, elsewhere):
    api.add_router("", routes.router)
