// Creates, reads, lists, changes and deletes an access package with the generated client in ./graph.
//
// usage: node driver.js SERVICE_ROOT TOKEN        (SERVICE_ROOT ends in /v1.0 or /beta)

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { newCatalog, newPackage } from './bodies.js';
import * as graph from './graph/index.js';
import { client } from './graph/client.gen.js';

const [baseUrl, token] = process.argv.slice(2);
client.setConfig({ baseUrl, auth: token });

const name = `TypeScript ${randomUUID()}`;

const { data: catalog } = await graph.createCatalog({ body: newCatalog(name), throwOnError: true });
assert.ok(catalog && catalog.id);

const { data: created } = await graph.createAccessPackage({
  body: newPackage(name, catalog.id),
  throwOnError: true,
});
assert.ok(created && created.id);
assert.equal(created.displayName, name);

const path = { 'accessPackage-id': created.id };
const { data: read } = await graph.getAccessPackage({ path, throwOnError: true });
assert.equal(read.id, created.id);

const { data: page } = await graph.listAccessPackages({
  query: { $filter: `displayName eq '${name}'`, $orderby: 'displayName desc', $top: 5 },
  throwOnError: true,
});
assert.deepEqual(page.value.map((listed) => listed.id), [created.id]);

const update = await graph.updateAccessPackage({ path, body: { description: 'changed' }, throwOnError: true });
assert.equal(update.response.status, 204);
const { data: changed } = await graph.getAccessPackage({ path, throwOnError: true });
assert.deepEqual([changed.description, changed.isHidden], ['changed', true]);

const deletion = await graph.deleteAccessPackage({ path, throwOnError: true });
assert.equal(deletion.response.status, 204);

// Without throwOnError the result holds either data or the ODataError that the document declares.
const gone = await graph.getAccessPackage({ path });
assert.equal(gone.response?.status, 404);
assert.ok(gone.error?.error.code, 'the 404 carries an error code');

await graph.deleteCatalog({ path: { 'accessPackageCatalog-id': catalog.id }, throwOnError: true });
console.log(`typescript ${baseUrl.split('/').pop()}: ok (${gone.error.error.code} after delete)`);
