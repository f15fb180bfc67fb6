// Microsoft's own SDK against the server, configured by an address, a tenant, a client id and a secret alone.
//
//	usage: driver BASE_URL TENANT CLIENT_ID CLIENT_SECRET
//
// Signs in, makes a catalog and packages, lists with a filter and with the SDK's own page iterator, handles an error as its
// typed error, cleans up.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/google/uuid"
	authentication "github.com/microsoft/kiota-authentication-azure-go"
	graphsdk "github.com/microsoftgraph/msgraph-sdk-go"
	graphcore "github.com/microsoftgraph/msgraph-sdk-go-core"
	"github.com/microsoftgraph/msgraph-sdk-go/identitygovernance"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"
)

const (
	packageCount = 7
	pageSize     = 3
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 5 {
		log.Fatalf("usage: %s BASE_URL TENANT CLIENT_ID CLIENT_SECRET", os.Args[0])
	}
	base, tenant, client, secret := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	ctx := context.Background()
	credential, err := signIn(base, tenant, client, secret)
	if err != nil {
		log.Fatal(err)
	}
	if err := exercise(ctx, base, credential); err != nil {
		log.Fatal(err)
	}
	fmt.Println("msgraph-sdk-go: ok")
	if err := signIns(ctx, base, tenant, client, secret); err != nil {
		log.Fatal(err)
	}
	fmt.Println("azidentity: a wrong secret is refused")
}

// signIn tells the library not to ask Microsoft whether there is such an authority.
func signIn(base, tenant, client, secret string) (*azidentity.ClientSecretCredential, error) {
	return azidentity.NewClientSecretCredential(tenant, client, secret, &azidentity.ClientSecretCredentialOptions{
		ClientOptions: azcore.ClientOptions{
			Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: base},
		},
		DisableInstanceDiscovery: true,
	})
}

// signIns asks for Graph's own name, then with a wrong secret.
func signIns(ctx context.Context, base, tenant, client, secret string) error {
	right, err := signIn(base, tenant, client, secret)
	if err != nil {
		return err
	}
	graph := policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/.default"}}
	if _, err := right.GetToken(ctx, graph); err != nil {
		return err
	}
	wrong, err := signIn(base, tenant, client, "wrong")
	if err != nil {
		return err
	}
	_, err = wrong.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{base + "/.default"}})
	var failed *azidentity.AuthenticationFailedError
	if !errors.As(err, &failed) || !strings.Contains(failed.Error(), "AADSTS7000215") {
		return fmt.Errorf("a wrong secret: %v", err)
	}
	return nil
}

func connect(base string, credential azcore.TokenCredential) (*graphsdk.GraphServiceClient, *graphsdk.GraphRequestAdapter, error) {
	address, err := url.Parse(base)
	if err != nil {
		return nil, nil, err
	}
	hosts := []string{address.Hostname(), address.Host}
	provider, err := authentication.NewAzureIdentityAuthenticationProviderWithScopesAndValidHosts(
		credential, []string{base + "/.default"}, hosts)
	if err != nil {
		return nil, nil, err
	}
	adapter, err := graphsdk.NewGraphRequestAdapter(provider)
	if err != nil {
		return nil, nil, err
	}
	adapter.SetBaseUrl(base + "/v1.0")
	return graphsdk.NewGraphServiceClient(adapter), adapter, nil
}

func exercise(ctx context.Context, base string, credential azcore.TokenCredential) error {
	graph, adapter, err := connect(base, credential)
	if err != nil {
		return err
	}
	management := graph.IdentityGovernance().EntitlementManagement()
	mark := uuid.NewString()

	wanted := models.NewAccessPackageCatalog()
	wanted.SetDisplayName(text("SDK " + mark))
	catalog, err := management.Catalogs().Post(ctx, wanted, nil)
	if err != nil {
		return said(err)
	}
	ids := make([]string, 0, packageCount)
	for n := range packageCount {
		made, err := management.AccessPackages().Post(ctx, newPackage(*catalog.GetId(), name(n, mark)), nil)
		if err != nil {
			return said(err)
		}
		ids = append(ids, *made.GetId())
	}
	if err := lists(ctx, management, adapter, mark); err != nil {
		return said(err)
	}
	change := models.NewAccessPackage()
	change.SetDescription(text("changed"))
	if _, err := management.AccessPackages().ByAccessPackageId(ids[0]).Patch(ctx, change, nil); err != nil {
		return said(err)
	}
	changed, err := management.AccessPackages().ByAccessPackageId(ids[0]).Get(ctx, nil)
	if err != nil {
		return said(err)
	}
	if *changed.GetDescription() != "changed" {
		return fmt.Errorf("the description is %q", *changed.GetDescription())
	}

	_, err = management.AccessPackages().ByAccessPackageId(uuid.NewString()).Get(ctx, nil)
	if err := refused(err, 404); err != nil {
		return err
	}
	here := management.Catalogs().ByAccessPackageCatalogId(*catalog.GetId())
	if err := refused(here.Delete(ctx, nil), 400, 409); err != nil {
		return err
	}

	for _, id := range ids {
		if err := management.AccessPackages().ByAccessPackageId(id).Delete(ctx, nil); err != nil {
			return said(err)
		}
	}
	return said(here.Delete(ctx, nil))
}

func newPackage(catalogID, displayName string) models.AccessPackageable {
	catalog := models.NewAccessPackageCatalog()
	catalog.SetId(&catalogID)
	wanted := models.NewAccessPackage()
	wanted.SetDisplayName(&displayName)
	wanted.SetDescription(text("made by an SDK"))
	wanted.SetCatalog(catalog)
	return wanted
}

type entitlementManagement = identitygovernance.EntitlementManagementRequestBuilder

// lists filters and expands, and walks pages with the SDK's own iterator.
func lists(ctx context.Context, management *entitlementManagement, adapter *graphsdk.GraphRequestAdapter, mark string) error {
	type parameters = identitygovernance.EntitlementManagementAccessPackagesRequestBuilderGetQueryParameters
	type configuration = identitygovernance.EntitlementManagementAccessPackagesRequestBuilderGetRequestConfiguration

	found, err := management.AccessPackages().Get(ctx, &configuration{QueryParameters: &parameters{
		Filter: text(fmt.Sprintf("displayName eq '%s'", name(3, mark))),
		Expand: []string{"catalog"},
	}})
	if err != nil {
		return err
	}
	if len(found.GetValue()) != 1 || *found.GetValue()[0].GetCatalog().GetDisplayName() != "SDK "+mark {
		return fmt.Errorf("the filter found %d packages", len(found.GetValue()))
	}

	top := int32(pageSize)
	first, err := management.AccessPackages().Get(ctx, &configuration{QueryParameters: &parameters{
		Filter:  text(fmt.Sprintf("endswith(displayName,'%s')", mark)),
		Orderby: []string{"displayName"},
		Top:     &top,
	}})
	if err != nil {
		return err
	}
	if len(first.GetValue()) != pageSize || first.GetOdataNextLink() == nil {
		return fmt.Errorf("the first page has %d packages", len(first.GetValue()))
	}
	pages, err := graphcore.NewPageIterator[models.AccessPackageable](
		first, adapter, models.CreateAccessPackageCollectionResponseFromDiscriminatorValue)
	if err != nil {
		return err
	}
	var seen, expected []string
	err = pages.Iterate(ctx, func(one models.AccessPackageable) bool {
		seen = append(seen, *one.GetDisplayName())
		return true
	})
	if err != nil {
		return err
	}
	for n := range packageCount {
		expected = append(expected, name(n, mark))
	}
	if !slices.Equal(seen, expected) {
		return fmt.Errorf("the pages held %q", seen)
	}
	return nil
}

// refused tells whether a call failed as the SDK's own error with one of these statuses, with a code and a message.
func refused(err error, statuses ...int) error {
	var failed *odataerrors.ODataError
	if !errors.As(err, &failed) {
		return fmt.Errorf("not an ODataError: %v", err)
	}
	detail := failed.GetErrorEscaped()
	if !slices.Contains(statuses, failed.ResponseStatusCode) || detail == nil || *detail.GetCode() == "" || *detail.GetMessage() == "" {
		return fmt.Errorf("refused with %d: %w", failed.ResponseStatusCode, said(err))
	}
	return nil
}

// said adds to an error what the server said.
func said(err error) error {
	var failed *odataerrors.ODataError
	if errors.As(err, &failed) && failed.GetErrorEscaped() != nil {
		return fmt.Errorf("%s: %s", *failed.GetErrorEscaped().GetCode(), *failed.GetErrorEscaped().GetMessage())
	}
	return err
}

func name(n int, mark string) string { return fmt.Sprintf("P%d %s", n, mark) }

func text(value string) *string { return &value }
