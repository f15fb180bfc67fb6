//go:build beta

package main

import "cardea-client-go/graph"

// The request bodies that differ between the versions of the API.

func catalogBody(name string) graph.MicrosoftGraphAccessPackageCatalogCreate {
	status := graph.MicrosoftGraphAccessPackageCatalogCreateCatalogStatusPublished
	return graph.MicrosoftGraphAccessPackageCatalogCreate{DisplayName: name, CatalogStatus: &status}
}

func packageBody(name, catalogID string) graph.MicrosoftGraphAccessPackageCreate {
	return graph.MicrosoftGraphAccessPackageCreate{DisplayName: name, IsHidden: ptr(true), CatalogId: &catalogID}
}
