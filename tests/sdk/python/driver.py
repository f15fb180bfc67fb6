"""Microsoft's own SDKs against the server, configured by an address, a tenant, a client id and a secret alone.

    usage: driver.py BASE_URL TENANT CLIENT_ID CLIENT_SECRET

For v1.0 (msgraph-sdk) and beta (msgraph-beta-sdk): signs in, makes a catalog and packages, lists with a filter and with
the SDK's own page iterator, handles an error as its typed error, cleans up; then the same with the directory.
"""

import asyncio
import importlib
import sys
import uuid
from urllib.parse import urlsplit

from azure.core.exceptions import ClientAuthenticationError
from azure.identity.aio import ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph_core.tasks.page_iterator import PageIterator

import directory

PACKAGES = 7
PAGE = 3


class Words:
    """What differs between the versions: modules, names of collections, how a package names its catalog."""

    def __init__(self, sdk: str, version: str, catalogs: str, catalog: str, expand: str):
        self.sdk, self.version, self.catalogs, self.catalog, self.expand = sdk, version, catalogs, catalog, expand

    def load(self, name: str):
        return importlib.import_module(f"{self.sdk}.{name}")

    def model(self, module: str, name: str):
        return getattr(self.load(f"generated.models.{module}"), name)


V1 = Words("msgraph", "v1.0", "catalogs", "catalog", "catalog")
BETA = Words("msgraph_beta", "beta", "access_package_catalogs", "access_package_catalog", "accessPackageCatalog")


def client(words: Words, credential, base: str):
    hosts = [urlsplit(base).hostname, urlsplit(base).netloc]
    provider = AzureIdentityAuthenticationProvider(credential, scopes=[f"{base}/.default"], allowed_hosts=hosts)
    adapter = words.load("graph_request_adapter").GraphRequestAdapter(provider)
    adapter.base_url = f"{base}/{words.version}"
    return words.load("graph_service_client").GraphServiceClient(request_adapter=adapter)


def package(words: Words, catalog_id: str, name: str):
    made = words.model("access_package", "AccessPackage")(display_name=name, description="made by an SDK")
    if words is V1:
        made.catalog = words.model("access_package_catalog", "AccessPackageCatalog")(id=catalog_id)
    else:
        made.catalog_id = catalog_id
    return made


async def exercise(words: Words, credential, base: str) -> None:
    graph = client(words, credential, base)
    management = graph.identity_governance.entitlement_management
    catalogs, packages = getattr(management, words.catalogs), management.access_packages
    mark = uuid.uuid4().hex

    catalog_type = words.model("access_package_catalog", "AccessPackageCatalog")
    catalog = await catalogs.post(catalog_type(display_name=f"SDK {mark}", description="d"))
    assert catalog.id and catalog.display_name == f"SDK {mark}"
    made = [await packages.post(package(words, catalog.id, f"P{n} {mark}")) for n in range(PACKAGES)]
    assert len({one.id for one in made}) == PACKAGES

    await filters(words, packages, mark)
    await pages(words, graph, packages, mark)
    change = words.model("access_package", "AccessPackage")(description="changed")
    await packages.by_access_package_id(made[0].id).patch(change)
    assert (await packages.by_access_package_id(made[0].id).get()).description == "changed"
    await errors(words, catalogs, packages, catalog.id)

    for one in made:
        await packages.by_access_package_id(one.id).delete()
    await catalogs.by_access_package_catalog_id(catalog.id).delete()
    print(f"{words.sdk}: ok")


def query(words: Words, **options):
    path = "generated.identity_governance.entitlement_management.access_packages.access_packages_request_builder"
    builder = words.load(path).AccessPackagesRequestBuilder
    return RequestConfiguration(query_parameters=builder.AccessPackagesRequestBuilderGetQueryParameters(**options))


async def filters(words: Words, packages, mark: str) -> None:
    found = await packages.get(query(words, filter=f"displayName eq 'P3 {mark}'", expand=[words.expand]))
    assert [one.display_name for one in found.value] == [f"P3 {mark}"]
    assert getattr(found.value[0], words.catalog).display_name == f"SDK {mark}"


async def pages(words: Words, graph, packages, mark: str) -> None:
    options = query(words, filter=f"endswith(displayName,'{mark}')", orderby=["displayName"], top=PAGE)
    first = await packages.get(options)
    assert len(first.value) == PAGE and first.odata_next_link
    seen = []

    def see(one) -> bool:
        seen.append(one.display_name)
        return True

    await PageIterator(first, graph.request_adapter).iterate(see)
    assert seen == [f"P{n} {mark}" for n in range(PACKAGES)], seen


async def errors(words: Words, catalogs, packages, catalog_id: str) -> None:
    error_type = words.model("o_data_errors.o_data_error", "ODataError")
    try:
        await packages.by_access_package_id(str(uuid.uuid4())).get()
        raise AssertionError("found what is not there")
    except error_type as error:
        assert error.response_status_code == 404 and error.error.code and error.error.message, error
    try:
        await catalogs.by_access_package_catalog_id(catalog_id).delete()
        raise AssertionError("removed a catalog that holds packages")
    except error_type as error:
        assert error.response_status_code in (400, 409) and error.error.code, error


async def refused(base: str, tenant: str, client_id: str) -> None:
    async with ClientSecretCredential(
        tenant, client_id, "wrong", authority=base, disable_instance_discovery=True
    ) as credential:
        try:
            await credential.get_token(f"{base}/.default")
            raise AssertionError("signed in with a wrong secret")
        except ClientAuthenticationError as error:
            assert "AADSTS7000215" in str(error), error
    print("azure-identity: a wrong secret is refused")


async def main(base: str, tenant: str, client_id: str, secret: str) -> None:
    async with ClientSecretCredential(
        tenant, client_id, secret, authority=base, disable_instance_discovery=True
    ) as credential:
        for words in (V1, BETA):
            await exercise(words, credential, base)
            await directory.exercise(words, client(words, credential, base), client, tenant, base)
    # With instance discovery, as a client does that is told nothing; and for Graph's own name.
    async with ClientSecretCredential(tenant, client_id, secret, authority=base) as credential:
        assert (await credential.get_token("https://graph.microsoft.com/.default")).token
    await refused(base, tenant, client_id)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1].rstrip("/"), *sys.argv[2:]))
