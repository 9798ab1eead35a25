import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { axeViolations } from "./browser.ts";
import { ask, type ConsoleStage, said, signIn } from "./console.ts";

const card = (page: Page, name: string) =>
  page.getByRole("listitem").filter({ has: page.getByRole("heading", { name, exact: true }) });

function api({ server }: ConsoleStage, key = server.apiKey) {
  return async (method: string, path: string, body: object): Promise<Record<string, string>> => {
    const answer = await fetch(server.url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    assert.ok(answer.ok, `${path}: ${answer.status}`);
    return (await answer.json()) as Record<string, string>;
  };
}

/** Keeps a picture where `PICTURES_TO` says, for whoever wants to look at the pages. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env["PICTURES_TO"];
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`), animations: "disabled" });
  }
  await page.emulateMedia({ colorScheme: null });
}

/** Makes an agent in the console, asks it in the playground, changes and removes it. */
export async function tendsAgents({ server, upstream, visit }: ConsoleStage): Promise<void> {
  upstream.on("quay", (reply, messages) => {
    reply.text(`I was told: ${messages.find(({ role }) => role === "system")?.content ?? ""}`);
    reply.end({ input: 9, output: 5 });
  });
  await visit(async ({ page }) => {
    await signIn(page, server.apiKey, "/console/agents");
    const concierge = card(page, "concierge");
    assert.match(await concierge.innerText(), /File, read-only/);
    assert.equal(await concierge.getByRole("button").count(), 0);

    await page.getByRole("link", { name: "New agent" }).click();
    await page.getByLabel("Name").fill("concierge");
    await page.getByLabel("Description").fill("Knows the harbour.");
    await page.getByLabel("Instructions").fill("Speak of ships.");
    await page.getByLabel("Instructions").press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByLabel("Output tokens").fill("many");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    assert.match(await describedBy(page, "Output tokens"), /maxOutputTokens/);
    await page.getByLabel("Output tokens").fill("200");
    await page.getByRole("button", { name: "Create agent" }).click();
    await page.getByText(/already: it is a file/).waitFor();
    assert.match(await describedBy(page, "Name"), /already: it is a file/);
    assert.equal(await page.locator("input:focus").inputValue(), "concierge", "what is wrong has the focus");
    await picture(page, "new-agent");
    await page.getByLabel("Name").fill("harbour");
    await page.keyboard.press("Enter");

    const harbour = card(page, "harbour");
    await harbour.waitFor();
    assert.equal(new URL(page.url()).pathname, "/console/agents");
    assert.match(await harbour.innerText(), /Ready[\s\S]*Knows the harbour\.[\s\S]*Version\s*1/);
    assert.deepEqual(await axeViolations(page), []);
    await picture(page, "agents");
    await harbour.getByRole("link", { name: "Open in playground" }).click();
    await ask(page, "Which quay?");
    await said(page, "I was told: Speak of ships.").waitFor();

    await page.goBack();
    await harbour.getByRole("link", { name: "Edit harbour" }).click();
    assert.equal(await page.getByLabel("Description").inputValue(), "Knows the harbour.");
    assert.equal(await page.getByLabel("Output tokens").inputValue(), "200");
    await page.getByLabel("Instructions").fill("Speak of whales.");
    assert.deepEqual(await axeViolations(page), []);
    await picture(page, "edit-agent");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("the tenant").waitFor();
    await harbour.getByText("2", { exact: true }).waitFor();

    const remove = harbour.getByRole("button", { name: "Delete harbour" });
    await remove.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Delete harbour?" }).waitFor();
    assert.deepEqual(await axeViolations(page), []);
    await picture(page, "delete-agent");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assert.match(await page.locator("button:focus").innerText(), /Delete/);
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await harbour.waitFor({ state: "detached" });
    assert.equal(await card(page, "concierge").count(), 1);
  });
}

/** What a field is said to be wrong in, by what assistive technology reads with it. */
async function describedBy(page: Page, label: string): Promise<string> {
  const field = page.getByLabel(label, { exact: true });
  assert.equal(await field.getAttribute("aria-invalid"), "true", label);
  const ids = (await field.getAttribute("aria-describedby")) ?? "";
  const texts = await Promise.all(ids.split(" ").map((id) => page.locator(`[id="${id}"]`).innerText()));
  return texts.join(" ");
}

/** What a viewer sees of agents, and what becomes of a change that was overtaken. */
export async function keepsAgents(stage: ConsoleStage): Promise<void> {
  const send = api(stage);
  const definition = { description: "Watches.", instructions: "Watch." };
  await send("POST", "/api/v1/agents", { name: "lookout", ...definition });
  const { key } = await send("POST", "/api/v1/api-keys", { name: "viewer", role: "viewer" });
  await stage.visit(async ({ page }) => {
    const permissions = page.waitForResponse("**/api/v1/me");
    await signIn(page, key ?? "", "/console/agents");
    await card(page, "lookout").getByRole("link", { name: "Open in playground" }).waitFor();
    await (await permissions).finished();
    assert.equal(await page.getByRole("link", { name: "New agent" }).count(), 0);
    assert.equal(await card(page, "lookout").getByRole("link", { name: /Edit/ }).count(), 0);
    assert.equal(await page.getByRole("button", { name: /Delete/ }).count(), 0);
    await page.goto("/console/agents/lookout/edit");
    await page.getByText("You cannot change this agent.").waitFor();
  });
  await stage.visit(async ({ page }) => {
    await signIn(page, stage.server.apiKey, "/console/agents/lookout/edit");
    await page.getByLabel("Description").fill("Mine.");
    await send("PUT", "/api/v1/agents/lookout", { ...definition, description: "Theirs." });
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Somebody has changed this agent since you opened it.").waitFor();
    assert.equal(await page.getByLabel("Description").inputValue(), "Mine.", "what was typed is still there");
    await picture(page, "overtaken");
    await page.getByRole("button", { name: "Load it" }).click();
    await page.getByText("version 2").waitFor();
    assert.equal(await page.getByLabel("Description").inputValue(), "Theirs.");
    await page.goto("/console/agents");
    await card(page, "lookout").getByRole("button", { name: "Delete lookout" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await card(page, "lookout").waitFor({ state: "detached" });
  });
}

/** What was typed when the session ended stands in the form again after signing in, for whoever typed it. */
export async function keepsDrafts(stage: ConsoleStage): Promise<void> {
  const { key } = await api(stage)("POST", "/api/v1/api-keys", { name: "not the author" });
  const { server, visit } = stage;
  const instructions = (page: Page) => page.getByLabel("Instructions");
  const signInAgain = async (page: Page, as = server.apiKey): Promise<void> => {
    await page.waitForURL("**/console/sign-in?return=%2Fagents%2Fnew");
    await page.getByLabel("API key").fill(as);
    await page.keyboard.press("Enter");
    await instructions(page).waitFor();
  };
  await visit(async ({ page, context }) => {
    await signIn(page, server.apiKey, "/console/agents/new");
    await page.getByLabel("Name").fill("draft");
    await page.getByLabel("Description").fill("Was long in the making.");
    await instructions(page).fill("Speak of ships.");
    await context.clearCookies();
    await page.getByRole("button", { name: "Create agent" }).click();
    await signInAgain(page);
    assert.equal(await instructions(page).inputValue(), "Speak of ships.");
    await context.clearCookies();
    await page.getByRole("button", { name: "Create agent" }).click();
    await signInAgain(page, key);
    assert.equal(await instructions(page).inputValue(), "", "of somebody else");
    await page.getByRole("link", { name: "Cancel" }).click();
    await page.getByRole("link", { name: "New agent" }).click();
    assert.equal(await instructions(page).inputValue(), "");
  });
}
