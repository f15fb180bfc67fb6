//go:build !beta

package main

import "cardea-client-go/graph"

// The request bodies that differ between the versions of the API.

func catalogBody(name string) graph.MicrosoftGraphAccessPackageCatalogCreate {
	return graph.MicrosoftGraphAccessPackageCatalogCreate{DisplayName: name, State: ptr(graph.MicrosoftGraphAccessPackageCatalogStatePublished)}
}

func packageBody(name, catalogID string) graph.MicrosoftGraphAccessPackageCreate {
	catalog := graph.MicrosoftGraphCatalogReference{Id: catalogID}
	return graph.MicrosoftGraphAccessPackageCreate{DisplayName: name, IsHidden: ptr(true), Catalog: &catalog}
}
