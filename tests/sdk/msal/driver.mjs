// A person signs in through MSAL: by the authorization code and by a device code, both in headless Chromium.
//
//     usage: driver.mjs BASE_URL TENANT CLIENT_ID USER PASSWORD
import assert from "node:assert/strict";
import { PublicClientApplication } from "@azure/msal-node";
import { chromium } from "playwright-core";

const [base, tenant, clientId, user, password] = process.argv.slice(2);
const scopes = ["https://graph.microsoft.com/EntitlementManagement.Read.All"];

/** A page of a new browser, which goes when `use` is done. */
async function onPage(use) {
    const browser = await chromium.launch({
        executablePath: process.env.CHROMIUM,
        headless: true,
        chromiumSandbox: false,
        args: ["--disable-gpu", "--no-first-run", "--disable-background-networking"],
    });
    try {
        // Node.js checks the certificate; Chromium does not know the CA.
        const context = await browser.newContext({ ignoreHTTPSErrors: true });
        context.setDefaultTimeout(30_000);
        await use(await context.newPage());
    } finally {
        await browser.close();
    }
}

function client() {
    const authority = `${base}/${tenant}`;
    return new PublicClientApplication({ auth: { clientId, authority, knownAuthorities: [new URL(base).host] } });
}

/** Fills the sign-in page. */
async function fill(page) {
    await page.locator("#username").fill(user);
    await page.locator("#password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
}

/** The token is good, and MSAL knows whose it is. */
async function check(result) {
    assert.equal(result.account.username, user);
    assert.equal(result.tenantId, tenant);
    const url = `${base}/v1.0/identityGovernance/entitlementManagement/accessPackages`;
    const answer = await fetch(url, { headers: { Authorization: `Bearer ${result.accessToken}` } });
    assert.equal(answer.status, 200, await answer.text());
}

/** Lets a device in. */
async function letIn(page, verificationUri, userCode) {
    await page.goto(verificationUri);
    await page.locator("#code").fill(userCode);
    await page.getByRole("button", { name: "Next" }).click();
    await fill(page);
    await page.getByText("close this page").waitFor();
}

const pca = client();
const interactive = await pca.acquireTokenInteractive({
    scopes,
    openBrowser: (url) =>
        onPage(async (page) => {
            await page.goto(url);
            await fill(page);
            await page.waitForURL(/^http:/);
        }),
});
await check(interactive);
console.log("msal-node, authorization code: ok");

const silent = await pca.acquireTokenSilent({ scopes, account: interactive.account, forceRefresh: true });
await check(silent);
assert.notEqual(silent.accessToken, interactive.accessToken);
console.log("msal-node, refresh token: ok");

let entered;
const device = await client().acquireTokenByDeviceCode({
    scopes,
    // MSAL does not wait for this.
    deviceCodeCallback: ({ verificationUri, userCode }) => {
        entered = onPage((page) => letIn(page, verificationUri, userCode));
    },
});
await entered;
await check(device);
console.log("msal-node, device code: ok");
