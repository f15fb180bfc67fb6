//! Every operation of the directory by every kind of caller.

use std::collections::BTreeMap;

use cardea::{
    api::operations::{Kind as OperationKind, Operation},
    authz::{Action, DIRECTORY_ROLES, Kind, PERMISSIONS},
    model::meta::Version,
};
use serde_json::{Value as Json, json};

use super::{Persona, of_directory, principal};
use crate::{
    directory::{ALL, group, link, new_group, new_user, reference, user},
    support::{Client, TestApp, client::Response},
};

/// The kinds of objects, and what reading and changing one takes.
const KINDS: [(&str, Action, Action); 4] = [
    ("user", Action::ReadUsers, Action::ManageUsers),
    ("group", Action::ReadGroups, Action::ManageGroups),
    ("application", Action::ReadApplications, Action::ManageApplications),
    ("servicePrincipal", Action::ReadApplications, Action::ManageApplications),
];

/// What operations are called on: an object of each kind, linked to others, and a deleted one of each kind.
pub struct Objects {
    admin: Client,
    /// What there is, by what it is here.
    ids: BTreeMap<String, String>,
}

impl Objects {
    pub async fn new(app: &TestApp) -> Self {
        let admin = app.application(ALL).await.below("/v1.0");
        let mut objects = Self { admin: admin.clone(), ids: BTreeMap::new() };
        for name in ["user", "boss", "newcomer", "caller"] {
            objects.put(name, new_user(&admin, name).await);
        }
        let mut body = group("group");
        body["uniqueName"] = json!("the-group");
        objects.put("group", admin.post("/groups", body).await.expect(201).id());
        let body = json!({ "displayName": "Tool", "uniqueName": "the-application" });
        let application = admin.post("/applications", body).await.expect(201).json();
        objects.put("application", text(&application, "id"));
        objects.put("applications/appId", text(&application, "appId"));
        objects.put("loose", objects.application().await);
        for name in ["servicePrincipal", "resource"] {
            let app_id = objects.application().await;
            objects.put(name, admin.post("/servicePrincipals", json!({ "appId": app_id })).await.expect(201).id());
            objects.put(&format!("{name}s/appId"), app_id);
        }
        for (set, name) in [("organization", "organization"), ("domains", "domain")] {
            let id = admin.get(format!("/{set}")).await.expect(200).column("id").remove(0);
            objects.put(name, id);
        }
        let at = |name: &str| objects.at(name);
        for (path, target) in [
            (format!("{}/members", at("group")), "boss"),
            (format!("{}/members", at("group")), "caller"),
            (format!("{}/owners", at("group")), "user"),
            (format!("{}/owners", at("group")), "boss"),
            (format!("{}/owners", at("application")), "boss"),
            (format!("{}/owners", at("servicePrincipal")), "boss"),
            (format!("{}/sponsors", at("user")), "boss"),
        ] {
            link(&admin, &path, objects.id(target)).await;
        }
        for name in ["user", "caller"] {
            let path = format!("{}/manager/$ref", objects.at(name));
            admin.put(path, reference(&admin, objects.id("boss"))).await.expect(204);
        }
        for path in ASSIGNED.map(|(path, ..)| path) {
            objects.assign(path).await;
        }
        for set in ["applications", "servicePrincipals"] {
            objects.secret(set).await;
        }
        for (kind, ..) in KINDS {
            objects.throw_away(kind).await;
        }
        objects
    }

    fn put(&mut self, name: &str, id: String) {
        self.ids.insert(name.to_owned(), id);
    }

    pub fn id(&self, name: &str) -> &str {
        self.ids.get(name).unwrap_or_else(|| panic!("{name}: say what this is"))
    }

    /// The ids of objects, which nobody elsewhere may be shown.
    pub fn secret_ids(&self) -> impl Iterator<Item = &String> {
        self.ids.iter().filter(|(name, _)| !matches!(name.as_str(), "loose" | "domain")).map(|(_, id)| id)
    }

    /// The path of an object.
    fn at(&self, name: &str) -> String {
        let set = match name {
            "group" => "groups",
            "application" => "applications",
            "servicePrincipal" | "resource" => "servicePrincipals",
            _ => "users",
        };
        format!("/{set}/{}", self.id(name))
    }

    /// Makes an application, and gives its client id.
    async fn application(&self) -> String {
        let made = self.admin.post("/applications", json!({ "displayName": "Another" })).await.expect(201);
        text(&made.json(), "appId")
    }

    /// Gives the role that operations on single assignments at this path are about.
    async fn assign(&mut self, path: &'static str) {
        let (_, at, principal, resource, _) = assigned(path);
        let body = json!({ "principalId": self.id(principal), "resourceId": self.id(resource) });
        let at = format!("{}/{}", self.at(at), path.rsplit('/').next().unwrap());
        let made = self.admin.post(at, body).await.expect(201).id();
        self.put(path, made);
    }

    /// Adds the secret that is to be removed.
    async fn secret(&mut self, set: &str) {
        let path = format!("{}/addPassword", self.at(set.trim_end_matches('s')));
        let made = self.admin.post(path, json!({})).await.expect(200).json();
        self.put(&format!("{set}/keyId"), text(&made, "keyId"));
    }

    /// Makes an object of a kind and deletes it.
    async fn throw_away(&mut self, kind: &str) {
        let number = self.ids.len();
        let (set, id) = match kind {
            "user" => ("users", new_user(&self.admin, &format!("gone{number}")).await),
            "group" => ("groups", new_group(&self.admin, "gone").await),
            "application" => {
                let made = self.admin.post("/applications", json!({ "displayName": "Gone" })).await.expect(201);
                ("applications", made.id())
            }
            _ => {
                let body = json!({ "appId": self.application().await });
                ("servicePrincipals", self.admin.post("/servicePrincipals", body).await.expect(201).id())
            }
        };
        self.admin.delete(format!("/{set}/{id}")).await.expect(204);
        self.put(&format!("deleted {kind}"), id);
    }

    /// Where an operation is called; `kind` is that of the deleted object, if it is on one.
    fn path(&self, operation: &Operation, kind: Option<&str>) -> String {
        let template = operation.template.as_str();
        let set = template.split(['/', '(']).nth(1).unwrap_or_default();
        let object = match kind {
            Some(kind) => self.id(&format!("deleted {kind}")),
            None if set == "directoryObjects" => self.id("user"),
            None => self.id("boss"),
        };
        let mut path =
            template.replace("{directoryObject-id}", object).replace("{userPrincipalName}", "user@contoso.example");
        for name in ["user", "group", "application", "servicePrincipal", "organization", "domain"] {
            path = path.replace(&format!("{{{name}-id}}"), self.id(name));
        }
        if template.contains("{appId}") {
            path = path.replace("{appId}", self.id(&format!("{set}/appId")));
        }
        if template.contains("{appRoleAssignment-id}") {
            path = path.replace("{appRoleAssignment-id}", self.id(&assignments_of(template)));
        }
        let path = path.replace("{uniqueName}", &format!("the-{}", set.trim_end_matches('s')));
        assert!(!path.contains('{'), "{path}: say what this is");
        match operation.kind {
            OperationKind::RemoveReferenceById(_) => format!("{path}?@id=/directoryObjects/{}", self.id("boss")),
            _ => path,
        }
    }

    fn body(&self, operation: &Operation) -> Option<Json> {
        let set = operation.template.split('/').nth(1).unwrap_or_default();
        Some(match (operation.kind, operation.face.name) {
            (OperationKind::Create, "user") => user("made"),
            (OperationKind::Create, "group") => group("made"),
            (OperationKind::Create, "application") => json!({ "displayName": "Made" }),
            (OperationKind::Create, "servicePrincipal") => json!({ "appId": self.id("loose") }),
            (OperationKind::Create, "appRoleAssignment") => {
                let (_, _, principal, _, new) = assigned(&assignments_of(&operation.template));
                let (principal, resource) =
                    if new == "newcomer" { (new, "servicePrincipal") } else { (principal, new) };
                json!({ "principalId": self.id(principal), "resourceId": self.id(resource) })
            }
            (OperationKind::Create, other) => panic!("a create of {other}: say its body"),
            (OperationKind::Update, _) => json!({ "displayName": "changed" }),
            (OperationKind::AddReference(navigation), _) => {
                let target = if navigation.is_collection() { "newcomer" } else { "boss" };
                json!({ "@odata.id": format!("/directoryObjects/{}", self.id(target)) })
            }
            (OperationKind::Call(signature), _) => match signature.name {
                "checkMemberGroups" => json!({ "groupIds": [self.id("group")] }),
                "checkMemberObjects" => json!({ "ids": [self.id("group")] }),
                "getMemberGroups" | "getMemberObjects" => json!({ "securityEnabledOnly": false }),
                "getByIds" => json!({ "ids": [self.id("user"), self.id("group")] }),
                // By whoever may, and by nobody with success: the password stays as it is.
                "changePassword" => json!({ "currentPassword": "wrong", "newPassword": "Another horse 2" }),
                "addPassword" => json!({}),
                "removePassword" => json!({ "keyId": self.id(&format!("{set}/keyId")) }),
                _ => return None,
            },
            _ => return None,
        })
    }

    pub async fn call(&self, client: &Client, version: Version, operation: &Operation, kind: Option<&str>) -> Response {
        let client = client.below(&format!("/{version}"));
        let request = client.request(operation.method.clone(), self.path(operation, kind));
        match self.body(operation) {
            Some(body) => request.json(body).await,
            None => request.await,
        }
    }

    /// Undoes what an operation has done.
    async fn heal(&mut self, operation: &Operation, kind: Option<&str>, answer: &Response) {
        let (admin, path) = (self.admin.clone(), self.path(operation, kind));
        let path = path.split('?').next().unwrap_or_default().to_owned();
        let set = operation.template.split(['/', '(']).nth(1).unwrap_or_default().to_owned();
        match (operation.kind, operation.face.name, kind) {
            (OperationKind::Create, name, _) => {
                let id = answer.id();
                admin.delete(format!("{path}/{id}")).await.expect(204);
                if name != "appRoleAssignment" {
                    admin.delete(format!("/directory/deletedItems/{id}")).await.expect(204);
                }
            }
            (OperationKind::Delete, _, Some(kind)) => self.throw_away(kind).await,
            (OperationKind::Delete, "appRoleAssignment", _) => {
                self.assign(assigned(&assignments_of(&operation.template)).0).await;
            }
            (OperationKind::Delete, name, _) => {
                let path = format!("/directory/deletedItems/{}/restore", self.id(name));
                admin.request(http::Method::POST, path).await.expect(200);
            }
            (OperationKind::AddReference(navigation), ..) if navigation.is_collection() => {
                let path = path.trim_end_matches("/$ref");
                admin.delete(format!("{path}/{}/$ref", self.id("newcomer"))).await.expect(204);
            }
            (OperationKind::RemoveReference(navigation) | OperationKind::RemoveReferenceById(navigation), ..) => {
                let boss = reference(&admin, self.id("boss"));
                let path = format!("{}/{}/$ref", self.at(set.trim_end_matches('s')), navigation.name);
                let method = if navigation.is_collection() { http::Method::POST } else { http::Method::PUT };
                admin.request(method, path).json(boss).await.expect(204);
            }
            (OperationKind::Call(signature), _, kind) => match (signature.name, kind) {
                ("addPassword", _) => {
                    let body = json!({ "keyId": text(&answer.json(), "keyId") });
                    admin.post(path.replace("addPassword", "removePassword"), body).await.expect(204);
                }
                ("removePassword", _) => self.secret(&set).await,
                ("restore", Some(kind)) => {
                    admin.delete(format!("/{kind}s/{}", self.id(&format!("deleted {kind}")))).await.expect(204);
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// All of the directory, as its administrator sees it.
    pub async fn world(&self) -> Vec<Json> {
        let mut all = Vec::new();
        for path in [
            "/users?$top=999&$expand=manager".to_owned(),
            "/groups?$top=999".to_owned(),
            "/applications?$top=999".to_owned(),
            "/servicePrincipals?$top=999".to_owned(),
            "/directory/deletedItems?$top=999".to_owned(),
            format!("{}/members", self.at("group")),
            format!("{}/owners", self.at("group")),
            format!("{}/owners", self.at("application")),
            format!("{}/appRoleAssignedTo", self.at("servicePrincipal")),
            format!("{}/sponsors", self.at("user")),
        ] {
            all.extend(self.admin.get(path).await.expect(200).rows());
        }
        all
    }
}

/// Where roles are given: the path, on what it hangs, who has a role in which application there, and what is named by a
/// create beside what the path names.
const ASSIGNED: [(&str, &str, &str, &str, &str); 4] = [
    ("users/appRoleAssignments", "user", "user", "servicePrincipal", "resource"),
    ("groups/appRoleAssignments", "group", "group", "servicePrincipal", "resource"),
    ("servicePrincipals/appRoleAssignments", "servicePrincipal", "servicePrincipal", "servicePrincipal", "resource"),
    ("servicePrincipals/appRoleAssignedTo", "servicePrincipal", "boss", "servicePrincipal", "newcomer"),
];

fn assigned(path: &str) -> (&'static str, &'static str, &'static str, &'static str, &'static str) {
    ASSIGNED.into_iter().find(|(at, ..)| *at == path).unwrap_or_else(|| panic!("{path}: say who has a role there"))
}

/// The set and the navigation property of a template below which there are assignments.
fn assignments_of(template: &str) -> String {
    let segments: Vec<&str> = template.split('/').collect();
    format!("{}/{}", segments[1], segments[3])
}

fn text(of: &Json, name: &str) -> String {
    of[name].as_str().unwrap_or_else(|| panic!("{name} of {of}")).to_owned()
}

/// Applications with each permission; a person with each and no role; with each directory role, and all permissions or
/// next to none.
async fn personas(app: &TestApp) -> Vec<Persona> {
    let mut all = Vec::new();
    let names: Vec<&str> = PERMISSIONS.iter().map(|permission| permission.name).collect();
    let each = names.iter().map(|name| vec![*name]);
    for permissions in [Vec::new(), vec!["Mail.Read"]].into_iter().chain(each.clone()) {
        all.push(Persona {
            name: format!("an application with {permissions:?}"),
            client: app.application(&permissions).await,
            principal: principal(Kind::Application, &permissions, &[]),
            grants: Vec::new(),
        });
    }
    let of_roles = DIRECTORY_ROLES.iter().map(|role| vec![role.name]);
    let persons = each
        .map(|scopes| (scopes, Vec::new()))
        .chain([(names.clone(), Vec::new()), (vec!["User.Read"], vec!["Global Administrator"])])
        .chain(of_roles.map(|roles| (names.clone(), roles)));
    for (scopes, roles) in persons {
        all.push(Persona {
            name: format!("a person with {scopes:?}, {roles:?}"),
            client: app.person("caller@contoso.example", &scopes, &roles).await,
            principal: principal(Kind::Delegated, &scopes, &roles),
            grants: Vec::new(),
        });
    }
    all
}

/// What the table says comes of an operation, `kind` being that of the deleted object that it is called on.
fn expected(persona: &Persona, operation: &Operation, kind: Option<&str>) -> u16 {
    if operation.template.starts_with("/me") && persona.principal.kind == Kind::Application {
        return 400;
    }
    let found = KINDS.into_iter().find(|(name, ..)| Some(*name) == kind);
    let once_found = found.map(|(_, read, manage)| if operation.kind.is_write() { manage } else { read });
    if [Some(operation.action), once_found].into_iter().flatten().any(|action| persona.may(action).is_none()) {
        return 403;
    }
    match operation.kind {
        OperationKind::List | OperationKind::Count | OperationKind::Get | OperationKind::ListReferences(_) => 200,
        OperationKind::Create => 201,
        // Nobody's but one's own.
        OperationKind::Call(signature) if signature.name == "changePassword" => {
            if operation.template.starts_with("/me") { 400 } else { 404 }
        }
        OperationKind::Call(signature) => signature.status.parse().unwrap(),
        _ => 204,
    }
}

/// The kinds of deleted objects on which to call an operation; one time `None` where it is called on none.
pub fn kinds(operation: &Operation) -> Vec<Option<&'static str>> {
    if operation.template.contains("/deletedItems/{") {
        KINDS.into_iter().map(|(kind, ..)| Some(kind)).collect()
    } else {
        vec![None]
    }
}

/// Each caller meets each operation in one version or in the other, by turns: both read the same table.
pub async fn what_a_caller_may_do_in_the_directory_is_what_the_table_says(app: TestApp) {
    let mut objects = Objects::new(&app).await;
    let personas = personas(&app).await;
    for (turn, version) in Version::ALL.into_iter().enumerate() {
        for operation in of_directory(version) {
            let first = operation.id.bytes().map(usize::from).sum::<usize>();
            let mine =
                personas.iter().enumerate().filter(|(at, _)| (first + at) % 2 == turn).map(|(_, persona)| persona);
            for persona in mine {
                for kind in kinds(&operation) {
                    let answer = objects.call(&persona.client, version, &operation, kind).await;
                    let what = format!("{version} {} {} by {}", operation.id, kind.unwrap_or_default(), persona.name);
                    let wanted = expected(persona, &operation, kind);
                    // Who is wrong often waits.
                    let slowed = answer.status == 429 && wanted == 400;
                    assert!(answer.status == wanted || slowed, "{what}: {wanted} {}", answer.text());
                    if operation.kind.is_write() && answer.status < 300 {
                        objects.heal(&operation, kind, &answer).await;
                    }
                }
            }
        }
    }
}
