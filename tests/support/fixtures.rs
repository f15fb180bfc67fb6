//! What tests need to begin with, and the words of both versions.

use cardea::authz::Role;
use serde_json::{Value as Json, json};

use super::{Client, client::Problem};

/// How a version calls what both have.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// The version's segment.
    pub version: &'static str,
    /// The path of the collection of catalogs.
    pub catalogs: &'static str,
    /// The navigation property from a package to its catalog.
    pub catalog: &'static str,
}

/// v1.0's words.
pub const V1: Words = Words { version: "v1.0", catalogs: "/catalogs", catalog: "catalog" };
/// beta's words.
pub const BETA: Words = Words { version: "beta", catalogs: "/accessPackageCatalogs", catalog: "accessPackageCatalog" };
/// Both versions.
pub const VERSIONS: [Words; 2] = [V1, BETA];
/// The collection of access packages, in both versions.
pub const PACKAGES: &str = "/accessPackages";

impl Words {
    /// The caller, speaking this version.
    pub fn of(&self, client: &Client) -> Client {
        client.version(self.version)
    }

    /// The body of a create of a package, in the version's own shape.
    pub fn package(&self, catalog: &str, name: &str) -> Json {
        match self.version {
            "v1.0" => json!({ "displayName": name, "catalog": { "id": catalog } }),
            _ => json!({ "displayName": name, "catalogId": catalog }),
        }
    }
}

/// Makes a catalog and gives its id.
pub async fn catalog(client: &Client, name: &str) -> String {
    client.beta().post(BETA.catalogs, json!({ "displayName": name })).await.expect(201).id()
}

/// Makes an access package and gives its id.
pub async fn package(client: &Client, catalog: &str, name: &str) -> String {
    package_of(client, BETA.package(catalog, name)).await
}

/// Makes an access package of this body in beta's words and gives its id.
pub async fn package_of(client: &Client, body: Json) -> String {
    client.beta().post(PACKAGES, body).await.expect(201).id()
}

/// Makes a catalog that holds packages of these names, and gives its id.
pub async fn catalog_with(client: &Client, packages: &[&str]) -> String {
    let catalog = catalog(client, "Sales").await;
    for name in packages {
        package(client, &catalog, name).await;
    }
    catalog
}

/// Makes the holders of `other` ineligible for `package`.
pub async fn incompatible(client: &Client, package: &str, other: &str) {
    let client = client.beta();
    let body = json!({ "@odata.id": client.url(&format!("{PACKAGES}/{other}")) });
    client.post(format!("{PACKAGES}/{package}/incompatibleAccessPackages/$ref"), body).await.expect(204);
}

/// Gives somebody a role, by its name, in a catalog or in the whole tenant, and gives the assignment's id.
pub async fn give(client: &Client, principal: &str, role: &str, catalog: Option<&str>) -> String {
    let role = Role::named(role).expect("a role").id;
    let scope = catalog.map_or_else(|| "/".to_owned(), |catalog| format!("/AccessPackageCatalog/{catalog}"));
    let body = json!({ "principalId": principal, "roleDefinitionId": role, "appScopeId": scope });
    client.roles("beta").post("/roleAssignments", body).await.expect(201).id()
}

/// Everything that is stored, as far as a caller can see.
pub async fn world(client: &Client) -> Json {
    let client = client.beta();
    let packages = client.get(PACKAGES).query("$expand", "*").query("$top", "999").await.expect(200).json();
    let catalogs = client.get(BETA.catalogs).query("$top", "999").await.expect(200).json();
    json!([packages["value"], catalogs["value"]])
}

/// Sends a request that is to be refused with this status, makes sure that nothing has changed, and gives the problem.
pub async fn refused(client: &Client, request: super::client::Request, status: u16) -> Problem {
    let before = world(client).await;
    let problem = request.await.problem(status);
    assert_eq!(world(client).await, before, "a refused request left a trace");
    problem
}
