import graph.ApiClient;
import graph.ApiException;
import graph.api.AccessPackagesApi;
import graph.api.AccessPackagesApi.APICreateAccessPackageRequest;
import graph.api.AccessPackagesApi.APIDeleteAccessPackageRequest;
import graph.api.AccessPackagesApi.APIGetAccessPackageRequest;
import graph.api.AccessPackagesApi.APIListAccessPackagesRequest;
import graph.api.AccessPackagesApi.APIUpdateAccessPackageRequest;
import graph.api.CatalogsApi;
import graph.api.CatalogsApi.APICreateCatalogRequest;
import graph.api.CatalogsApi.APIDeleteCatalogRequest;
import graph.model.MicrosoftGraphAccessPackageUpdate;
import graph.model.MicrosoftGraphODataErrorsODataError;
import java.util.UUID;

/**
 * Creates, reads, lists, changes and deletes an access package with the generated client in package {@code graph}.
 *
 * <p>usage: Driver SERVICE_ROOT TOKEN (SERVICE_ROOT ends in /v1.0 or /beta)
 */
public class Driver {

  public static void main(String[] args) throws Exception {
    String serviceRoot = args[0];
    String token = args[1];
    String name = "Java " + UUID.randomUUID();

    var client = new ApiClient();
    client.updateBaseUri(serviceRoot);
    client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + token));
    var catalogs = new CatalogsApi(client);
    var packages = new AccessPackagesApi(client);

    var catalog = catalogs.createCatalog(
        APICreateCatalogRequest.newBuilder()
            .microsoftGraphAccessPackageCatalogCreate(Bodies.catalog(name))
            .build());
    var created = packages.createAccessPackage(
        APICreateAccessPackageRequest.newBuilder()
            .microsoftGraphAccessPackageCreate(Bodies.accessPackage(name, catalog.getId()))
            .build());
    check("created name", created.getDisplayName(), name);

    var get = APIGetAccessPackageRequest.newBuilder().accessPackageId(created.getId()).build();
    check("read id", packages.getAccessPackage(get).getId(), created.getId());

    var page = packages.listAccessPackages(
        APIListAccessPackagesRequest.newBuilder()
            .$filter("displayName eq '" + name + "'")
            .$orderby("displayName desc")
            .$top(5)
            .build());
    check("number listed", page.getValue().size(), 1);
    check("listed id", page.getValue().get(0).getId(), created.getId());

    var updated = packages.updateAccessPackageWithHttpInfo(
        APIUpdateAccessPackageRequest.newBuilder()
            .accessPackageId(created.getId())
            .microsoftGraphAccessPackageUpdate(new MicrosoftGraphAccessPackageUpdate().description("changed"))
            .build());
    check("update's status", updated.getStatusCode(), 204);
    var changed = packages.getAccessPackage(get);
    check("changed description", changed.getDescription(), "changed");
    check("isHidden after the change", changed.getIsHidden(), true);

    var deleted = packages.deleteAccessPackageWithHttpInfo(
        APIDeleteAccessPackageRequest.newBuilder().accessPackageId(created.getId()).build());
    check("delete's status", deleted.getStatusCode(), 204);

    String code;
    try {
      packages.getAccessPackage(get);
      throw new AssertionError("the deleted package is still there");
    } catch (ApiException e) {
      check("status after delete", e.getCode(), 404);
      var error = client.getObjectMapper().readValue(e.getResponseBody(), MicrosoftGraphODataErrorsODataError.class);
      code = error.getError().getCode();
    }

    catalogs.deleteCatalog(APIDeleteCatalogRequest.newBuilder().accessPackageCatalogId(catalog.getId()).build());
    System.out.printf("java %s: ok (%s after delete)%n", serviceRoot.replaceAll(".*/", ""), code);
  }

  private static void check(String what, Object got, Object want) {
    if (!want.equals(got)) {
      throw new AssertionError(what + ": got " + got + ", want " + want);
    }
  }
}
