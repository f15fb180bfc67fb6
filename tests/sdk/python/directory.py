"""People, groups and applications, by Microsoft's own SDK.

Users and groups are made, found, changed, linked and deleted; an application that is made here gets a secret and a
permission, and signs in at once.
"""

import uuid

from azure.identity.aio import ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph_core.tasks.page_iterator import PageIterator

GRAPH = "00000003-0000-0000-c000-000000000000"
PEOPLE = 5
PAGE = 2


async def exercise(words, graph, connect, tenant: str, base: str) -> None:
    mark = uuid.uuid4().hex[:12]
    people = [await graph.users.post(person(words, f"p{n}-{mark}")) for n in range(PEOPLE)]
    await users(words, graph, people, mark)
    await groups(words, graph, people, mark)
    await applications(words, graph, connect, tenant, base, mark)
    for one in people:
        await graph.users.by_user_id(one.id).delete()
    await deleted(words, graph, people[0].id)
    print(f"{words.sdk}: people, groups and applications: ok")


def person(words, name: str):
    profile = words.model("password_profile", "PasswordProfile")
    return words.model("user", "User")(
        account_enabled=True,
        display_name=name,
        mail_nickname=name,
        user_principal_name=f"{name}@contoso.example",
        department="Engines",
        business_phones=["+44 1"],
        password_profile=profile(password="Correct horse 1", force_change_password_next_sign_in=False),
    )


def query(words, module: str, builder: str, **options):
    kind = getattr(words.load(f"generated.{module}"), builder)
    headers = {"ConsistencyLevel": "eventual"}
    request = RequestConfiguration(query_parameters=getattr(kind, f"{builder}GetQueryParameters")(**options))
    for name, value in headers.items():
        request.headers.add(name, value)
    return request


def reference(words, base: str, id_: str):
    kind = words.model("reference_create", "ReferenceCreate")
    return kind(odata_id=f"{base}/{words.version}/directoryObjects/{id_}")


async def users(words, graph, people, mark: str) -> None:
    options = query(
        words,
        "users.users_request_builder",
        "UsersRequestBuilder",
        filter=f"department eq 'Engines' and endswith(userPrincipalName,'-{mark}@contoso.example')",
        select=["id", "displayName", "department"],
        orderby=["displayName"],
        count=True,
        top=PAGE,
    )
    first = await graph.users.get(options)
    assert len(first.value) == PAGE and first.odata_count == PEOPLE and first.odata_next_link
    seen = []

    def see(one) -> bool:
        seen.append(one.display_name)
        return True

    await PageIterator(first, graph.request_adapter).iterate(see)
    assert seen == [f"p{n}-{mark}" for n in range(PEOPLE)], seen

    one = graph.users.by_user_id(people[0].id)
    await one.patch(words.model("user", "User")(job_title="Countess"))
    by_name = await graph.users.by_user_id(people[0].user_principal_name).get()
    assert by_name.id == people[0].id and by_name.job_title == "Countess" and by_name.business_phones == ["+44 1"]
    error_type = words.model("o_data_errors.o_data_error", "ODataError")
    for attempt, status in (
        (lambda: one.manager.get(), 404),
        (lambda: graph.users.post(person(words, f"p0-{mark}")), 400),
        (lambda: graph.users.by_user_id(str(uuid.uuid4())).get(), 404),
    ):
        try:
            await attempt()
            raise AssertionError(f"{status} was expected")
        except error_type as error:
            assert error.response_status_code == status and error.error.code and error.error.message, error


async def groups(words, graph, people, mark: str) -> None:
    base = graph.request_adapter.base_url.rsplit("/", 1)[0]
    one, two, three, *_ = people
    await graph.users.by_user_id(two.id).manager.ref.put(reference(words, base, one.id))
    assert (await graph.users.by_user_id(two.id).manager.get()).id == one.id
    assert [r.id for r in (await graph.users.by_user_id(one.id).direct_reports.get()).value] == [two.id]

    def group(name: str, **more):
        kind = words.model("group", "Group")
        bind = {f"{nav}@odata.bind": [f"{base}/{words.version}/users/{id_}" for id_ in ids] for nav, ids in more.items()}
        return kind(
            display_name=f"{name} {mark}",
            mail_nickname=f"{name}-{mark}",
            mail_enabled=False,
            security_enabled=True,
            group_types=[],
            additional_data=bind,
        )

    outer = await graph.groups.post(group("outer", owners=[one.id]))
    inner = await graph.groups.post(group("inner", members=[two.id]))
    await graph.groups.by_group_id(outer.id).members.ref.post(reference(words, base, inner.id))
    await graph.groups.by_group_id(inner.id).members.ref.post(reference(words, base, three.id))

    members = (await graph.groups.by_group_id(inner.id).members.get()).value
    assert {type(m).__name__ for m in members} == {"User"} and {m.id for m in members} == {two.id, three.id}
    transitive = (await graph.groups.by_group_id(outer.id).transitive_members.graph_user.get()).value
    assert {m.id for m in transitive} == {two.id, three.id}
    of = (await graph.users.by_user_id(two.id).transitive_member_of.graph_group.get()).value
    assert {g.id for g in of} == {outer.id, inner.id}
    module = "generated.users.item.check_member_groups.check_member_groups_post_request_body"
    asked = words.load(module).CheckMemberGroupsPostRequestBody(group_ids=[outer.id, str(uuid.uuid4())])
    found = await graph.users.by_user_id(three.id).check_member_groups.post(asked)
    assert found.value == [outer.id]

    await graph.groups.by_group_id(inner.id).members.by_directory_object_id(three.id).ref.delete()
    assert [m.id for m in (await graph.groups.by_group_id(inner.id).members.get()).value] == [two.id]
    for made in (outer, inner):
        await graph.groups.by_group_id(made.id).delete()


async def applications(words, graph, connect, tenant: str, base: str, mark: str) -> None:
    made = await graph.applications.post(words.model("application", "Application")(display_name=f"Tool {mark}"))
    principal = await graph.service_principals.post(
        words.model("service_principal", "ServicePrincipal")(app_id=made.app_id)
    )
    module = "generated.applications.item.add_password.add_password_post_request_body"
    credential = words.model("password_credential", "PasswordCredential")(display_name="first")
    asked = words.load(module).AddPasswordPostRequestBody(password_credential=credential)
    secret = await graph.applications.by_application_id(made.id).add_password.post(asked)

    api = (
        await graph.service_principals.get(
            query(
                words,
                "service_principals.service_principals_request_builder",
                "ServicePrincipalsRequestBuilder",
                filter=f"appId eq '{GRAPH}'",
            )
        )
    ).value[0]
    role = next(role for role in api.app_roles if role.value == "User.Read.All")
    given = words.model("app_role_assignment", "AppRoleAssignment")(
        principal_id=uuid.UUID(principal.id), resource_id=uuid.UUID(api.id), app_role_id=role.id
    )
    await graph.service_principals.by_service_principal_id(principal.id).app_role_assignments.post(given)

    async with ClientSecretCredential(
        tenant, made.app_id, secret.secret_text, authority=base, disable_instance_discovery=True
    ) as own:
        assert (await connect(words, own, base).users.get()).value
    await graph.applications.by_application_id(made.id).delete()


async def deleted(words, graph, id_: str) -> None:
    item = graph.directory.deleted_items.by_directory_object_id(id_)
    assert (await item.get()).id == id_
    assert (await item.restore.post()).id == id_
    await graph.users.by_user_id(id_).delete()
    await item.delete()
