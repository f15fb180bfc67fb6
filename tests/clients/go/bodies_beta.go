//go:build beta

package main

import "cardea-client-go/graph"

// The request bodies that differ between the versions of the API.

func catalogBody(name string) graph.MicrosoftGraphAccessPackageCatalogCreate {
	return graph.MicrosoftGraphAccessPackageCatalogCreate{DisplayName: name, CatalogStatus: ptr("Published")}
}

func packageBody(name, catalogID string) graph.MicrosoftGraphAccessPackageCreate {
	return graph.MicrosoftGraphAccessPackageCreate{DisplayName: name, CatalogId: catalogID}
}
