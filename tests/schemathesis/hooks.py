"""What an OpenAPI document cannot foretell.

Schemathesis takes a request that the document allows to be one that must succeed. Some rules of this API are beyond JSON
Schema; a refusal that names one of them is right. Nothing else is let pass.
"""

import json
from urllib.parse import urlsplit

import schemathesis
from schemathesis.core.failures import ServerError
from schemathesis.openapi.checks import AllowHeaderMismatch, RejectedPositiveData

# Expressions in the grammars of OData, a cursor that only the server can make, and a media type.
GRAMMARS = {"$filter", "$search", "$orderby", "$select", "$expand", "$skiptoken", "$format"}

# Rules between members of a body, or between a body and what is stored.
ACROSS_MEMBERS = (
    "contradict each other",  # the same catalog, named twice: by two different ids
    "cannot be changed",  # an update may repeat an id, and no other
    "still holds access packages",  # a catalog is deleted when it is empty
    "must be '/AccessPackageCatalog/'",  # where a role counts: a path with the id of a catalog
    "counts in the whole tenant",  # a role that is not for one catalog
    "incompatible with itself",  # an access package, with another one
    "is used twice",  # ids in a batch
    "'dependsOn' ",  # ids of other requests in the batch
    "must have a Content-Type, as there is a body",  # headers' names are in any letter case
)


@schemathesis.hook
def filter_failure(context, failure, case, response) -> bool:
    """Whether a failure is one."""
    if isinstance(failure, AllowHeaderMismatch):
        # GET is served wherever a path leads to something, documented or not.
        return failure.missing_methods != [] or failure.undocumented_methods != ["GET"]
    if isinstance(failure, ServerError):
        # OData has it, the server does not, and says so.
        return response.status_code != 501 or error_of(response).get("target") not in GRAMMARS
    if isinstance(failure, RejectedPositiveData) and response.status_code == 400:
        url = urlsplit(response.request.url)
        error = error_of(response)
        return not (
            error.get("target") in GRAMMARS
            or any(rule in error["message"] for rule in ACROSS_MEMBERS)
            # No text that is stored has this character, so no path and no query need it.
            or "%00" in url.path + url.query
        )
    return True


def error_of(response) -> dict:
    """What the server says of a refusal."""
    return json.loads(response.content)["error"]
