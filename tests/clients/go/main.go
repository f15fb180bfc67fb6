// Command cardea-client-go creates, reads, lists, changes and deletes an access package with the generated client in
// ./graph.
//
// usage: cardea-client-go SERVICE_ROOT TOKEN        (SERVICE_ROOT ends in /v1.0 or /beta)
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"path"

	"github.com/google/uuid"

	"cardea-client-go/graph"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("go: ")
	serviceRoot, token := os.Args[1], os.Args[2]
	ctx := context.Background()
	name := "Go " + uuid.NewString()

	bearer := func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+token)
		return nil
	}
	client, err := graph.NewClientWithResponses(serviceRoot, graph.WithRequestEditorFn(bearer))
	check(err)

	newCatalog, err := client.CreateCatalogWithResponse(ctx, nil, catalogBody(name))
	check(err)
	catalog := expect("create catalog", newCatalog.JSON201, newCatalog.Body)

	newPackage, err := client.CreateAccessPackageWithResponse(ctx, nil, packageBody(name, *catalog.Id))
	check(err)
	created := expect("create package", newPackage.JSON201, newPackage.Body)

	got, err := client.GetAccessPackageWithResponse(ctx, *created.Id, nil)
	check(err)
	equal("read name", *expect("get package", got.JSON200, got.Body).DisplayName, name)

	page, err := client.ListAccessPackagesWithResponse(ctx, &graph.ListAccessPackagesParams{
		Filter:  ptr("displayName eq '" + name + "'"),
		Orderby: ptr("displayName desc"),
		Top:     ptr[int32](5),
	})
	check(err)
	listed := expect("list packages", page.JSON200, page.Body).Value
	equal("number listed", len(listed), 1)
	equal("listed id", *listed[0].Id, *created.Id)

	update := graph.MicrosoftGraphAccessPackageUpdate{Description: ptr("changed")}
	updated, err := client.UpdateAccessPackageWithResponse(ctx, *created.Id, nil, update)
	check(err)
	equal("update's status", updated.StatusCode(), http.StatusNoContent)
	got, err = client.GetAccessPackageWithResponse(ctx, *created.Id, nil)
	check(err)
	changed := expect("get package", got.JSON200, got.Body)
	equal("changed description", *changed.Description, "changed")
	equal("isHidden after the change", *changed.IsHidden, true)

	deleted, err := client.DeleteAccessPackageWithResponse(ctx, *created.Id, nil)
	check(err)
	equal("delete's status", deleted.StatusCode(), http.StatusNoContent)
	got, err = client.GetAccessPackageWithResponse(ctx, *created.Id, nil)
	check(err)
	gone := expect("get deleted package", got.JSON404, got.Body).Error

	removed, err := client.DeleteCatalogWithResponse(ctx, *catalog.Id, nil)
	check(err)
	equal("catalog delete's status", removed.StatusCode(), http.StatusNoContent)

	fmt.Printf("go %s: ok (%s after delete)\n", path.Base(serviceRoot), gone.Code)
}

func ptr[T any](value T) *T { return &value }

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// expect takes a response's typed body, which is nil when the server answered with another status.
func expect[T any](what string, typed *T, body []byte) T {
	if typed == nil {
		log.Fatalf("%s: unexpected answer %s", what, body)
	}
	return *typed
}

func equal[T comparable](what string, got, want T) {
	if got != want {
		log.Fatalf("%s: got %v, want %v", what, got, want)
	}
}
