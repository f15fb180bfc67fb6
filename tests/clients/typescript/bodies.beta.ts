// The request bodies that differ between the versions of the API.

import type { MicrosoftGraphAccessPackageCatalogCreate, MicrosoftGraphAccessPackageCreate } from './graph/index.js';

export const newCatalog = (displayName: string): MicrosoftGraphAccessPackageCatalogCreate => ({
  displayName,
  catalogStatus: 'Published',
});

export const newPackage = (displayName: string, catalogId: string): MicrosoftGraphAccessPackageCreate => ({
  displayName,
  isHidden: true,
  catalogId,
});
