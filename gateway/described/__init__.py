"""The description of every route by its handler's name, and of every field by its own."""

from collections.abc import Mapping
from typing import Final

from gateway.described import jobs, lists, service, submissions, webhooks
from gateway.description import Described, Field, Parameter

# Parts of the API in the order of the page, and what each is about.
TAGS: Final[Mapping[str, str]] = (
    submissions.TAG | jobs.TAG | lists.TAG | webhooks.TAG | service.TAG
)  # fmt: skip

ROUTES: Final[Mapping[str, Described]] = (
    submissions.ROUTES | jobs.ROUTES | lists.ROUTES | webhooks.ROUTES | service.ROUTES
)

# What stands in the braces of a path.
PATHS: Final[Mapping[str, Parameter]] = {
    given.name: given for given in (jobs.JOB_ID_PARAMETER, lists.NUMBER_PARAMETER)
}

# By `field`, or by `Struct.field` where a name means something else there.
FIELDS: Final[Mapping[str, Field]] = (
    submissions.FIELDS | jobs.FIELDS | lists.FIELDS | webhooks.FIELDS | service.FIELDS
)
