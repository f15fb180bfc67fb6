// What a newcomer does with Swagger UI: sign in with a token, then as a person, pick a version, make a catalog and an access package in it.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [base, token, upn, password] = process.argv.slice(2);
const { origin } = new URL(base);

const profile = await mkdtemp(join(tmpdir(), "cardea-browser-"));
const browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM,
    headless: true,
    chromiumSandbox: false,
    viewport: { width: 1280, height: 1600 },
    args: [
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ],
});
browser.setDefaultTimeout(30_000);
const page = browser.pages()[0] ?? (await browser.newPage());

const complaints = [];
page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`console: ${message.text()}`);
});
page.on("pageerror", (error) => complaints.push(`script: ${error.stack}`));
page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()} ${request.failure()?.errorText}`));
browser.on("request", (request) => {
    const url = new URL(request.url());
    if (!["data:", "blob:"].includes(url.protocol) && url.origin !== origin) complaints.push(`elsewhere: ${url}`);
});
await page.exposeFunction("complain", (text) => complaints.push(text));
await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (e) => complain(`policy: ${e.violatedDirective} ${e.blockedURI}`));
});

/** Executes an operation with a body, and gives what it answered. */
async function execute(operation, body) {
    const block = page.locator(`[id$="-${operation}"]`);
    await block.locator(".opblock-summary-control").click();
    const tryIt = block.getByRole("button", { name: "Try it out" });
    await block.locator(".opblock-body .try-out").waitFor();
    if (await tryIt.isVisible()) await tryIt.click();
    const text = block.locator("textarea.body-param__text");
    assert.ok(JSON.parse(await text.inputValue()).displayName, "the body offered is the example");
    await text.fill(JSON.stringify(body, null, 2));
    await block.getByRole("button", { name: "Execute" }).click();
    const live = block.locator(".live-responses-table .response");
    assert.match(await live.locator(".response-col_status").innerText(), /^201\b/, await live.innerText());
    const answer = JSON.parse(await live.locator(".highlight-code code, .microlight").first().innerText());
    await block.locator(".opblock-summary-control").click();
    return answer;
}

async function use(version) {
    const loaded = page.waitForResponse(`${origin}/${version}/openapi.json`);
    if (version === "v1.0") await page.goto(`${base}/swagger-ui/`);
    else await page.locator(".topbar select").selectOption({ label: version });
    assert.equal((await loaded).status(), 200);
    await page.locator(".info .title", { hasText: `cardea, ${version}` }).waitFor();
    await page.locator('[id$="-createAccessPackage"]').waitFor();
}

async function authorize() {
    await page.locator(".auth-wrapper .authorize").click();
    const dialog = page.locator(".dialog-ux");
    await dialog.locator("#auth-bearer-value").fill(token);
    const scheme = dialog.locator(".auth-container", { has: page.locator("#auth-bearer-value") });
    await scheme.locator(".auth-btn-wrapper .authorize").click();
    await dialog.getByText("Authorized", { exact: true }).waitFor();
    await dialog.locator(".btn-done").first().click();
}

/** Signs in as a person, at the server's own authority. */
async function signIn() {
    await page.locator(".auth-wrapper .authorize").click();
    const dialog = page.locator(".dialog-ux");
    // The token is not needed any more.
    const logout = dialog.getByRole("button", { name: "Logout" });
    await dialog.locator(".auth-container").first().waitFor();
    while (await logout.count()) await logout.first().click();
    const flow = dialog.locator(".auth-container", { has: page.locator("#client_id_authorizationCode") });
    await flow.locator(`label[for="EntitlementManagement.ReadWrite.All-authorizationCode-checkbox-oauth2"]`).first().click();
    const opened = browser.waitForEvent("page");
    await flow.locator(".auth-btn-wrapper .authorize").click();
    const popup = await opened;
    await popup.locator("#username, [role=alert]").waitFor();
    assert.ok(await popup.locator("#username").isVisible(), await popup.locator("main").innerText());
    await popup.locator("#username").fill(upn);
    await popup.locator("#password").fill("not the password");
    await popup.getByRole("button", { name: "Sign in" }).click();
    await popup.getByRole("alert").waitFor();
    await popup.locator("#password").fill(password);
    await popup.getByRole("button", { name: "Sign in" }).click();
    // Both flows of the scheme say so.
    await dialog.getByText("Authorized", { exact: true }).first().waitFor();
    await dialog.locator(".btn-done").first().click();
}

try {
    await use("v1.0");
    assert.deepEqual(await page.locator(".topbar select option").allInnerTexts(), ["v1.0", "beta"]);
    await authorize();
    for (const version of ["v1.0", "beta"]) {
        if (version !== "v1.0") {
            await use(version);
            await signIn();
        }
        const name = `Browser ${version} ${Date.now()}`;
        const catalog = await execute("createCatalog", { displayName: name, description: "Made in a browser." });
        assert.equal(catalog.displayName, name);
        const within = version === "beta" ? { catalogId: catalog.id } : { catalog: { id: catalog.id } };
        const made = await execute("createAccessPackage", { displayName: name, description: "Likewise.", ...within });
        assert.equal(made.displayName, name);
        const answer = await page.request.get(
            `${base}/${version}/identityGovernance/entitlementManagement/accessPackages/${made.id}`,
            { headers: { Authorization: `Bearer ${token}` } },
        );
        assert.equal(answer.status(), 200);
        // Neither the token that was pasted nor the one that came of signing in is kept where it outlives the page.
        const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
        assert.ok(!kept.includes("eyJ") && !kept.includes("bearer"), kept);
        console.log(`browser: ${version}: ok`);
    }
    assert.deepEqual(complaints, []);
} catch (error) {
    await page.screenshot({ path: "failure.png", fullPage: true });
    console.error(`${error.stack}\ncomplaints: ${complaints.join("\n")}\nscreenshot: ${join(process.cwd(), "failure.png")}`);
    process.exitCode = 1;
} finally {
    await browser.close();
    await rm(profile, { recursive: true, force: true });
}
