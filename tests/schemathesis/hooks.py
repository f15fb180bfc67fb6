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
    "calls for itself",  # /me, and the caller is an application
    "names an object that is not there",  # in a list of objects to link
    "by another key than its id",  # an address of somebody by name
    "cannot be among the ",  # an object of another type than those that may be linked
    "' twice",  # two addresses of one object
    "The password must have ",  # characters of several kinds
    "The password must not contain ",  # the name of the person
    "too easy to guess",
    "is not the current password",
    "'passwordProfile' with a 'password' is required",  # but not for guests
    "must be true for a group ",  # what goes with the type of a group
    "must be false for a group ",
    "that takes no mail",
    "DynamicMembership",
    "is for security groups",
    "must be one of ",  # words that Graph declares as texts
    "' takes ",
    "must look like ",  # a user principal name
    "'mailNickname' must not contain ",
    "must be two letters",  # the code of a country
    "must hold URIs such as ",
    "Another application has the identifier URI",
    "Another object with the same value",
    "holds two with the ",  # roles of an application
    "must be after ",  # the end, after the beginning
    "must be that of an application here",
    "which the path names",  # a role assignment is made below who has it, or below the application
    "has no role with the id ",
    "is not for principals of the type ",
    "has no roles by itself",
    "must hold no empty text",
    "must be an address such as ",  # where people are sent, and what pages link to
    "is the service principal of this API",  # which is neither changed nor deleted
    "There is no secret with the keyId ",
    "secrets already",
    "is among the ",  # what is linked already
    "A rule makes the members",
    "cannot be in itself",
    "is their own manager",
    "Only people can be in a group",
    "No group can be in a group",
    "must keep an owner",
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
