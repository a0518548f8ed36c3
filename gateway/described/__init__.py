"""The description of every route by its handler's name, and of every field by its own."""

from collections.abc import Mapping
from typing import Final

from gateway.described import (
    access,
    control,
    files,
    jobs,
    lists,
    service,
    submissions,
    templates,
    truth,
    webhooks,
)
from gateway.description import Described, Field, Parameter

# Parts of the API in the order of the page, and what each is about.
TAGS: Final[Mapping[str, str]] = (
    submissions.TAG | templates.TAG | files.TAG | jobs.TAG | control.TAG | truth.TAG | lists.TAG
    | access.TAG | webhooks.TAG | service.TAG
)  # fmt: skip

ROUTES: Final[Mapping[str, Described]] = (
    submissions.ROUTES
    | templates.ROUTES
    | files.ROUTES
    | jobs.ROUTES
    | control.ROUTES
    | truth.ROUTES
    | lists.ROUTES
    | access.ROUTES
    | webhooks.ROUTES
    | service.ROUTES
)

# What stands in the braces of a path.
PATHS: Final[Mapping[str, Parameter]] = {
    given.name: given
    for given in (
        jobs.JOB_ID_PARAMETER,
        lists.NUMBER_PARAMETER,
        files.UPLOAD_ID_PARAMETER,
        access.KEY_ID_PARAMETER,
        access.PHONE_NUMBER_ID_PARAMETER,
        service.DIGEST_PARAMETER,
        service.FILE_PARAMETER,
    )
}

# By `field`, or by `Struct.field` where a name means something else there.
FIELDS: Final[Mapping[str, Field]] = (
    submissions.FIELDS
    | templates.FIELDS
    | files.FIELDS
    | jobs.FIELDS
    | control.FIELDS
    | truth.FIELDS
    | lists.FIELDS
    | access.FIELDS
    | webhooks.FIELDS
    | service.FIELDS
)
