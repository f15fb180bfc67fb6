import graph.model.MicrosoftGraphAccessPackageCatalogCreate;
import graph.model.MicrosoftGraphAccessPackageCatalogCreate.CatalogStatusEnum;
import graph.model.MicrosoftGraphAccessPackageCreate;

/** The request bodies that differ between the versions of the API. */
class Bodies {

  static MicrosoftGraphAccessPackageCatalogCreate catalog(String name) {
    return new MicrosoftGraphAccessPackageCatalogCreate()
        .displayName(name)
        .catalogStatus(CatalogStatusEnum.PUBLISHED);
  }

  static MicrosoftGraphAccessPackageCreate accessPackage(String name, String catalogId) {
    return new MicrosoftGraphAccessPackageCreate().displayName(name).isHidden(true).catalogId(catalogId);
  }
}
