import graph.model.MicrosoftGraphAccessPackageCatalogCreate;
import graph.model.MicrosoftGraphAccessPackageCreate;

/** The request bodies that differ between the versions of the API. */
class Bodies {

  static MicrosoftGraphAccessPackageCatalogCreate catalog(String name) {
    return new MicrosoftGraphAccessPackageCatalogCreate().displayName(name).catalogStatus("Published");
  }

  static MicrosoftGraphAccessPackageCreate accessPackage(String name, String catalogId) {
    return new MicrosoftGraphAccessPackageCreate().displayName(name).catalogId(catalogId);
  }
}
