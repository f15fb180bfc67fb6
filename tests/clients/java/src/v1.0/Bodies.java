import graph.model.MicrosoftGraphAccessPackageCatalogCreate;
import graph.model.MicrosoftGraphAccessPackageCatalogState;
import graph.model.MicrosoftGraphAccessPackageCreate;
import graph.model.MicrosoftGraphCatalogReference;

/** The request bodies that differ between the versions of the API. */
class Bodies {

  static MicrosoftGraphAccessPackageCatalogCreate catalog(String name) {
    return new MicrosoftGraphAccessPackageCatalogCreate()
        .displayName(name)
        .state(MicrosoftGraphAccessPackageCatalogState.PUBLISHED);
  }

  static MicrosoftGraphAccessPackageCreate accessPackage(String name, String catalogId) {
    return new MicrosoftGraphAccessPackageCreate()
        .displayName(name)
        .isHidden(true)
        .catalog(new MicrosoftGraphCatalogReference().id(catalogId));
  }
}
