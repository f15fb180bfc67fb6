"""Creates, reads, lists, changes and deletes an access package with the generated client `graph`.

usage: driver.py SERVICE_ROOT TOKEN        (SERVICE_ROOT ends in /v1.0 or /beta)
"""

import sys
import uuid
from http import HTTPStatus
from typing import TypeVar

from graph import AuthenticatedClient, models
from graph.api.access_packages import (
    create_access_package,
    delete_access_package,
    get_access_package,
    list_access_packages,
    update_access_package,
)
from graph.api.catalogs import create_catalog, delete_catalog

T = TypeVar("T")


def new_catalog(version: str, name: str) -> models.MicrosoftGraphAccessPackageCatalogCreate:
    if version == "beta":
        return models.MicrosoftGraphAccessPackageCatalogCreate(
            display_name=name,
            catalog_status=models.MicrosoftGraphAccessPackageCatalogCreateCatalogStatusType1.PUBLISHED,
        )
    return models.MicrosoftGraphAccessPackageCatalogCreate(
        display_name=name, state=models.MicrosoftGraphAccessPackageCatalogState.PUBLISHED
    )


def new_package(version: str, name: str, catalog_id: str) -> models.MicrosoftGraphAccessPackageCreate:
    if version == "beta":
        return models.MicrosoftGraphAccessPackageCreate(display_name=name, is_hidden=True, catalog_id=catalog_id)
    return models.MicrosoftGraphAccessPackageCreate(
        display_name=name, is_hidden=True, catalog=models.MicrosoftGraphCatalogReference(id=catalog_id)
    )


def expect(value: object, kind: type[T]) -> T:
    """Operations answer with their result or with an ODataError: takes the one that is right here."""
    if not isinstance(value, kind):
        sys.exit(f"python: got {value!r}, want a {kind.__name__}")
    return value


def check(what: str, got: object, want: object) -> None:
    if got != want:
        sys.exit(f"python: {what}: got {got!r}, want {want!r}")


def main(service_root: str, token: str) -> None:
    version = service_root.rsplit("/", 1)[-1]
    client = AuthenticatedClient(base_url=service_root, token=token)
    name = f"Python {uuid.uuid4()}"

    catalog = expect(
        create_catalog.sync(client=client, body=new_catalog(version, name)),
        models.MicrosoftGraphAccessPackageCatalog,
    )
    package = expect(
        create_access_package.sync(client=client, body=new_package(version, name, catalog.id)),
        models.MicrosoftGraphAccessPackage,
    )
    check("created package", package.display_name, name)

    read = expect(get_access_package.sync(package.id, client=client), models.MicrosoftGraphAccessPackage)
    check("read package", (read.id, read.display_name), (package.id, name))

    page = expect(
        list_access_packages.sync(
            client=client, filter_=f"displayName eq '{name}'", orderby="displayName desc", top=5
        ),
        models.MicrosoftGraphAccessPackageCollectionResponse,
    )
    check("listed packages", [listed.id for listed in page.value], [package.id])

    changed = update_access_package.sync_detailed(
        package.id, client=client, body=models.MicrosoftGraphAccessPackageUpdate(description="changed")
    )
    check("update", changed.status_code, HTTPStatus.NO_CONTENT)
    read = expect(get_access_package.sync(package.id, client=client), models.MicrosoftGraphAccessPackage)
    check("changed package", (read.description, read.is_hidden), ("changed", True))

    check("delete", delete_access_package.sync_detailed(package.id, client=client).status_code, HTTPStatus.NO_CONTENT)
    gone = get_access_package.sync_detailed(package.id, client=client)
    check("read after delete", gone.status_code, HTTPStatus.NOT_FOUND)
    error = expect(gone.parsed, models.MicrosoftGraphODataErrorsODataError).error
    check("error has a code", bool(error.code), True)

    check("delete catalog", delete_catalog.sync_detailed(catalog.id, client=client).status_code, HTTPStatus.NO_CONTENT)
    print(f"python {version}: ok ({error.code} after delete)")


main(*sys.argv[1:])
