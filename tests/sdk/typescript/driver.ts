/**
 * Microsoft's own SDK against the server, configured by an address, a tenant, a client id and a secret alone.
 *
 *     usage: driver.js BASE_URL TENANT CLIENT_ID CLIENT_SECRET
 *
 * For v1.0 and beta: signs in, makes a catalog and packages, lists with a filter and with the SDK's own page iterator,
 * handles an error as its typed error, cleans up.
 */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { ClientSecretCredential, type TokenCredential } from "@azure/identity";
import { Client, GraphError, PageIterator, type PageCollection } from "@microsoft/microsoft-graph-client";
import { TokenCredentialAuthenticationProvider } from "@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js";
import type { AccessPackage, AccessPackageCatalog } from "@microsoft/microsoft-graph-types";

const PACKAGES = 7;
const PAGE = 3;
const ROOT = "/identityGovernance/entitlementManagement";

/** What differs between the versions. */
const VERSIONS = {
  "v1.0": { catalogs: "catalogs", catalog: "catalog", inCatalog: (id: string) => ({ catalog: { id } }) },
  beta: { catalogs: "accessPackageCatalogs", catalog: "accessPackageCatalog", inCatalog: (id: string) => ({ catalogId: id }) },
} as const;

type Version = keyof typeof VERSIONS;

function connect(base: string, version: Version, credential: TokenCredential): Client {
  const authProvider = new TokenCredentialAuthenticationProvider(credential, { scopes: [`${base}/.default`] });
  const customHosts = new Set([new URL(base).hostname]);
  return Client.initWithMiddleware({ authProvider, baseUrl: base, defaultVersion: version, customHosts });
}

async function exercise(base: string, version: Version, credential: TokenCredential): Promise<void> {
  const graph = connect(base, version, credential);
  const words = VERSIONS[version];
  const packages = `${ROOT}/accessPackages`;
  const catalogs = `${ROOT}/${words.catalogs}`;
  const mark = randomUUID();

  const catalog: AccessPackageCatalog = await graph.api(catalogs).post({ displayName: `SDK ${mark}`, description: "d" });
  assert.equal(catalog.displayName, `SDK ${mark}`);
  const catalogId = catalog.id ?? assert.fail("a catalog has an id");
  const made: AccessPackage[] = [];
  for (let n = 0; n < PACKAGES; n++) {
    made.push(await graph.api(packages).post({ displayName: `P${n} ${mark}`, description: "d", ...words.inCatalog(catalogId) }));
  }
  assert.equal(new Set(made.map((one) => one.id)).size, PACKAGES);

  const found = await graph.api(packages).filter(`displayName eq 'P3 ${mark}'`).expand(words.catalog).get();
  assert.deepEqual(found.value.map((one: AccessPackage) => one.displayName), [`P3 ${mark}`]);
  assert.equal(found.value[0][words.catalog].displayName, `SDK ${mark}`);

  const list = graph.api(packages).filter(`endswith(displayName,'${mark}')`).orderby("displayName").top(PAGE);
  const first: PageCollection = await list.get();
  assert.equal(first.value.length, PAGE);
  assert.ok(first["@odata.nextLink"]);
  const seen: unknown[] = [];
  await new PageIterator(graph, first, (one: AccessPackage) => seen.push(one.displayName) > 0).iterate();
  assert.deepEqual(seen, made.map((one) => one.displayName));

  await graph.api(`${packages}/${made[0]?.id}`).patch({ description: "changed" });
  assert.equal((await graph.api(`${packages}/${made[0]?.id}`).get()).description, "changed");

  await refuses(graph.api(`${packages}/${randomUUID()}`).get(), [404]);
  await refuses(graph.api(`${catalogs}/${catalogId}`).delete(), [400, 409]);

  for (const one of made) {
    await graph.api(`${packages}/${one.id}`).delete();
  }
  await graph.api(`${catalogs}/${catalogId}`).delete();
  console.log(`microsoft-graph-client ${version}: ok`);
}

/** The call fails as the SDK's own error, with a code and a message. */
async function refuses(call: Promise<unknown>, statuses: number[]): Promise<void> {
  await assert.rejects(call, (error: unknown) => {
    assert.ok(error instanceof GraphError);
    assert.ok(statuses.includes(error.statusCode), String(error.statusCode));
    assert.ok(error.code && error.message && error.requestId);
    return true;
  });
}

async function main([base, tenant, clientId, secret]: [string, string, string, string]): Promise<void> {
  const options = { authorityHost: base, disableInstanceDiscovery: true };
  const credential = new ClientSecretCredential(tenant, clientId, secret, options);
  for (const version of Object.keys(VERSIONS) as Version[]) {
    await exercise(base, version, credential);
  }
  assert.ok((await credential.getToken("https://graph.microsoft.com/.default")).token);
  const wrong = new ClientSecretCredential(tenant, clientId, "wrong", options);
  await assert.rejects(wrong.getToken(`${base}/.default`), /AADSTS7000215/);
  console.log("@azure/identity: a wrong secret is refused");
}

await main(process.argv.slice(2) as [string, string, string, string]);
