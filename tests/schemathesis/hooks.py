"""The refusals that an OpenAPI document cannot foretell.

Schemathesis takes a request that the document allows to be one that must succeed. Some rules of this API are beyond JSON
Schema; a 400 that names one of them is right. Nothing else is let pass, and nothing but a 400.
"""

import json
from urllib.parse import urlsplit

import schemathesis
from schemathesis.core.failures import Failure

# Expressions in the grammars of OData, and a cursor that only the server can make.
GRAMMARS = {"$filter", "$search", "$orderby", "$select", "$expand", "$skiptoken"}

# Between the members of one body.
ACROSS_MEMBERS = (
    "contradict each other",  # the same catalog, named in two ways: by two different ids
    "is used twice",  # ids in a batch
    "'dependsOn' ",  # ids of other requests in the batch
    "must have a Content-Type, as there is a body",  # a header's name, in any letter case
)


@schemathesis.hook
def filter_failure(context, failure: Failure, case, response) -> bool:
    """Whether a failure is one."""
    if type(failure).__name__ != "RejectedPositiveData" or response.status_code != 400:
        return True
    # Characters of a path or query that no stored text can hold.
    if "%00" in urlsplit(response.request.url).path + urlsplit(response.request.url).query:
        return False
    error = json.loads(response.content)["error"]
    return error.get("target") not in GRAMMARS and not any(rule in error["message"] for rule in ACROSS_MEMBERS)
