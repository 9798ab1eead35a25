import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { ask, type ConsoleStage, gate, inTime, MODEL, said, signIn, startConsoleStage } from "./support/console.ts";
import { keepsAgents, keepsDrafts, tendsAgents } from "./support/console-agents.ts";
import { requireChromium } from "./support/require.ts";

test("the console against the real server", async (t) => {
  const chromium = requireChromium(t);
  if (chromium === undefined) return;
  const stage = await startConsoleStage(chromium);
  t.after(() => stage.close());
  await t.test("signs in by keyboard alone, keeps the key nowhere, and asks a question", () => signInByKeyboard(stage));
  await t.test("a wrong key is refused with what to do, and gives no cookie", () => wrongKey(stage));
  await t.test("leads back after signing in, and never to another host", () => returnPath(stage));
  await t.test("shows an answer while it is still coming, as text and never as HTML", () => streams(stage));
  await t.test("stops an answer at the model, by button and by Escape", () => stops(stage));
  await t.test("a failed answer stands in its place and can be asked again", () => retries(stage));
  await t.test("an agent answers with its tools, opened from the list of agents", () => agentAnswers(stage));
  await t.test("an agent is made, asked, changed and removed by keyboard and pointer, each fault at its field", () =>
    tendsAgents(stage),
  );
  await t.test("a viewer is offered no change of agents, and somebody else's change is not written over", () =>
    keepsAgents(stage),
  );
  await t.test("a growing answer touches no other turn and tears nobody from what they read", () =>
    calmWhileStreaming(stage),
  );
  await t.test("a session that has ended leads to the sign-in page and back to the same conversation", () =>
    expires(stage),
  );
  await t.test("what stood in the form of an agent when the session ended stands there again", () =>
    keepsDrafts(stage),
  );
  await t.test("signing out ends the session and forgets the conversation", () => signsOut(stage));
  await t.test("another key finds an empty conversation in the same tab", () => otherKey(stage));
  await t.test("the copied command names the variable and asks the same", () => copiesCurl(stage));
});

const LAST_ANSWER = "ol > li:last-child";

async function textOf(page: Page, selector: string): Promise<string> {
  return page.locator(selector).innerText();
}

async function chooseModel(page: Page, model: string): Promise<void> {
  await page.getByLabel("Model").selectOption(model);
}

async function signInByKeyboard({ server, upstream, visit }: ConsoleStage): Promise<void> {
  upstream.on("by keyboard", (reply) => {
    reply.text("Heard.");
    reply.end({ input: 5, output: 2 });
  });
  await visit(async ({ page, context }) => {
    // What is written is sent also where the models are known only after it.
    const typed = Promise.withResolvers<void>();
    await page.route("**/v1/models", async (route) => {
      await typed.promise;
      await route.continue();
    });
    await page.goto("/");
    await page.waitForURL("**/console/sign-in**");
    await page.locator("input:focus").waitFor();
    await page.keyboard.type(server.apiKey);
    await page.keyboard.press("Enter");
    await page.locator("textarea:focus").waitFor();
    assert.equal(await page.title(), "Playground · Slipway");
    await page.keyboard.type("by keyboard");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("on two lines");
    await page.keyboard.press("Enter");
    typed.resolve();
    await said(page, "Heard.").waitFor();
    assert.match(await textOf(page, "ol > li:first-child"), /by keyboard\non two lines/);

    const cookies = await context.cookies();
    assert.deepEqual(
      cookies.map(({ httpOnly, sameSite }) => ({ httpOnly, sameSite })),
      [{ httpOnly: true, sameSite: "Strict" }],
    );
    const readable = await page.evaluate(`JSON.stringify([
      document.cookie, { ...localStorage }, { ...sessionStorage }, document.documentElement.outerHTML, history.state, location.href,
    ])`);
    assert.ok(typeof readable === "string" && readable.includes("Heard."));
    assert.ok(!readable.includes(server.apiKey), "the key is nowhere that a script can read");
    assert.equal(await page.evaluate("document.cookie + localStorage.length + sessionStorage.length"), "00");
    assert.deepEqual(await page.evaluate("indexedDB.databases()"), []);
  });
}

async function wrongKey({ visit }: ConsoleStage): Promise<void> {
  await visit(async ({ page, context }) => {
    await page.goto("/console/agents");
    await page.getByLabel("API key").fill("no-such-key");
    await page.keyboard.press("Enter");
    const alert = page.getByRole("alert");
    await alert.waitFor();
    assert.match(await alert.innerText(), /key/i);
    assert.match(await alert.innerText(), /unauthenticated · request req_/);
    assert.equal(await page.locator("input:focus").getAttribute("aria-invalid"), "true");
    assert.deepEqual(await context.cookies(), []);
  });
}

async function returnPath({ server, visit }: ConsoleStage): Promise<void> {
  await visit(async ({ page }) => {
    await signIn(page, server.apiKey, "/console/agents");
    await page.getByRole("heading", { level: 1, name: "Agents" }).waitFor();
    assert.equal(new URL(page.url()).pathname, "/console/agents");
  });
  for (const hostile of ["//evil.example/x", "/\\evil.example", "https://evil.example/", "javascript:alert(1)"]) {
    await visit(async ({ page }) => {
      await signIn(page, server.apiKey, `/console/sign-in?return=${encodeURIComponent(hostile)}`);
      assert.equal(page.url().split("?")[0], `${server.url}/console/playground`, hostile);
    });
  }
}

async function streams({ server, upstream, visit }: ConsoleStage): Promise<void> {
  const middle = gate();
  upstream.on("tides", async (reply) => {
    reply.text("High water at <b>six</b>.\n\n```ts\nconst tide");
    await middle.opened;
    reply.text(" = 6;\n```\n");
    reply.end({ input: 1042, output: 17 });
  });
  await visit(async ({ page }) => {
    await signIn(page, server.apiKey);
    await chooseModel(page, MODEL);
    assert.match(page.url(), /\?model=gpt-5-mini$/);
    await ask(page, "When are the tides?");
    await page.getByText("const tide").waitFor();
    await page.getByRole("button", { name: "Stop" }).waitFor();
    const half = await textOf(page, LAST_ANSWER);
    assert.match(half, /High water at <b>six<\/b>\./);
    assert.doesNotMatch(half, /tokens/);
    middle.open();
    await page.getByText("1,042 tokens in · 17 out").waitFor();
    assert.equal(await page.locator("pre").innerText(), "const tide = 6;");
    assert.equal(await page.locator("ol b").count(), 0);
    assert.match(await textOf(page, LAST_ANSWER), /17 out · [\d.]+ m?s/);
  });
}

async function stops({ server, upstream, visit }: ConsoleStage): Promise<void> {
  let hungUp = gate();
  upstream.on("endless", async (reply) => {
    reply.text("One, two, ");
    await reply.hungUp;
    hungUp.open();
  });
  await visit(async ({ page }) => {
    await signIn(page, server.apiKey, `/console/playground?model=${MODEL}`);
    const ways = [() => page.getByRole("button", { name: "Stop" }).click(), () => page.keyboard.press("Escape")];
    for (const [index, stop] of ways.entries()) {
      hungUp = gate();
      await ask(page, `endless ${index}`);
      await page.getByText("One, two,").nth(index).waitFor();
      await stop();
      await page.getByText("Stopped.", { exact: true }).nth(index).waitFor();
      await inTime(hungUp.opened, "the server hanging up at the model");
      assert.match(await textOf(page, LAST_ANSWER), /One, two,/);
      assert.equal(await page.locator("textarea:focus").count(), 1);
      assert.equal(await page.getByRole("alert").count(), 0);
    }
  });
}

async function retries({ server, upstream, visit }: ConsoleStage): Promise<void> {
  let healthy = false;
  upstream.on("fragile", (reply) => {
    if (!healthy) return reply.refuse(400, "the boiler is cold");
    reply.text("Warm again.");
    return reply.end({ input: 3, output: 2 });
  });
  await visit(async ({ page }) => {
    await signIn(page, server.apiKey, `/console/playground?model=${MODEL}`);
    await ask(page, "fragile");
    const alert = page.getByRole("alert");
    await alert.waitFor();
    assert.match(await alert.innerText(), /provider_rejected · request req_/);
    healthy = true;
    await page.getByRole("button", { name: "Retry" }).click();
    await said(page, "Warm again.").waitFor();
    assert.equal(await alert.count(), 0);
    assert.equal(await page.locator("ol > li").count(), 2);
  });
}

async function agentAnswers({ server, upstream, visit }: ConsoleStage): Promise<void> {
  upstream.on("SO-1042", (reply, messages) => {
    const looked = messages.findLast((message) => message.role === "tool")?.content;
    if (looked == null) return reply.toolCall("look_up_order", { number: "SO-1042" });
    reply.text(`It is for ${(JSON.parse(looked) as { customer: string }).customer}.`);
    return reply.end({ input: 90, output: 9 });
  });
  await visit(async ({ page }) => {
    await signIn(page, server.apiKey, "/console/agents");
    await page.getByRole("link", { name: "Open in playground order-desk" }).click();
    await page.getByLabel("Message").waitFor();
    assert.equal(await page.getByLabel("Model").inputValue(), "agent/order-desk");
    assert.equal(await page.getByLabel("System prompt").count(), 0);
    await page.getByRole("list", { name: "Tools" }).getByText("look_up_order").waitFor();
    await ask(page, "Whose order is SO-1042?");
    await said(page, "It is for Harbour & Sons.").waitFor();
    await page.getByText(/tokens in/).waitFor();
  });
}

/** The scrolling box of the transcript, as an expression for the page. */
const BOX = `document.querySelector('[aria-label="Conversation"]')`;

/** Counts, in the page, what an answer changes while it grows. */
const WATCH_CHANGES = `(() => {
  const turns = document.querySelectorAll("ol > li");
  window.seen = { earlier: 0, said: [] };
  const earlier = new MutationObserver((changes) => (window.seen.earlier += changes.length));
  for (const turn of [...turns].slice(0, -1)) earlier.observe(turn, { subtree: true, childList: true, characterData: true, attributes: true });
  const live = document.querySelector("output");
  new MutationObserver(() => window.seen.said.push(live.textContent)).observe(live, { subtree: true, childList: true, characterData: true });
})()`;

async function calmWhileStreaming({ server, upstream, visit }: ConsoleStage): Promise<void> {
  const more = gate();
  upstream.on("first", (reply) => {
    reply.text("Line\n".repeat(60));
    reply.end({ input: 1, output: 1 });
  });
  upstream.on("second", async (reply) => {
    reply.text("Begun.\n");
    await more.opened;
    for (let line = 0; line < 400; line++) reply.text(`Line ${line}\n`);
    reply.end({ input: 1, output: 400 });
  });
  await visit(async ({ page }) => {
    await signIn(page, server.apiKey, `/console/playground?model=${MODEL}`);
    await ask(page, "first");
    await page.getByText("1 out").waitFor();
    await ask(page, "second");
    await page.getByText("Begun.").waitFor();
    const distance = (): Promise<number> =>
      page.evaluate(`${BOX}.scrollHeight - ${BOX}.scrollTop - ${BOX}.clientHeight`);
    assert.ok((await distance()) < 5, "the end of a growing answer is in view");
    await page.evaluate(WATCH_CHANGES);
    await page.getByText("Begun.").hover();
    await page.mouse.wheel(0, -500);
    await page.getByRole("button", { name: "To the end" }).waitFor();
    const before = await page.evaluate(`${BOX}.scrollTop`);
    more.open();
    await page.getByText("400 out").waitFor({ state: "attached" });
    assert.equal(await page.evaluate(`${BOX}.scrollTop`), before);
    const seen = (await page.evaluate("window.seen")) as { readonly earlier: number; readonly said: readonly string[] };
    assert.equal(seen.earlier, 0, "turns that are over are not touched");
    assert.equal(seen.said.length, 1, "a screen reader is told of the end alone, not of 400 pieces");
    assert.match(seen.said[0] ?? "", /^Answer finished, about \d+ words\.$/);
    await page.getByRole("button", { name: "To the end" }).click();
    await page.getByText("Line 399").waitFor();
    assert.ok((await distance()) < 5);
  });
}

async function expires({ server, upstream, visit }: ConsoleStage): Promise<void> {
  upstream.on("long lunch", (reply) => {
    reply.text("Back at one.");
    reply.end({ input: 2, output: 4 });
  });
  await visit(async ({ page, context }) => {
    await signIn(page, server.apiKey, `/console/playground?model=${MODEL}`);
    await context.clearCookies();
    await ask(page, "long lunch");
    await page.waitForURL("**/console/sign-in?return=**");
    await page.getByLabel("API key").fill(server.apiKey);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Retry" }).click();
    await said(page, "Back at one.").waitFor();
    assert.match(page.url(), /\/console\/playground\?model=gpt-5-mini$/);
    await context.clearCookies();
    await page.getByRole("link", { name: "Agents" }).click();
    await page.waitForURL("**/console/sign-in?return=%2Fagents");
  });
}

async function signsOut({ server, upstream, visit }: ConsoleStage): Promise<void> {
  upstream.on("secret", (reply) => {
    reply.text("Only for you.");
    reply.end({ input: 2, output: 4 });
  });
  await visit(async ({ page, context }) => {
    await signIn(page, server.apiKey, `/console/playground?model=${MODEL}`);
    await ask(page, "secret");
    await said(page, "Only for you.").waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("API key").waitFor();
    assert.deepEqual(await context.cookies(), []);
    assert.equal((await page.request.get("/api/v1/session")).status(), 401);
    await page.goBack();
    await page.getByLabel("API key").waitFor();
    await signIn(page, server.apiKey);
    assert.equal(await said(page, "Only for you.").count(), 0);
  });
}

async function otherKey({ server, upstream, visit }: ConsoleStage): Promise<void> {
  upstream.on("mine", (reply) => {
    reply.text("Yours alone.");
    reply.end({ input: 2, output: 4 });
  });
  const created = await fetch(`${server.url}/api/v1/api-keys`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "somebody else" }),
  });
  const { key } = (await created.json()) as { readonly key: string };
  await visit(async ({ page, context }) => {
    await signIn(page, server.apiKey, `/console/playground?model=${MODEL}`);
    await ask(page, "mine");
    await said(page, "Yours alone.").waitFor();
    await context.clearCookies();
    await ask(page, "mine again");
    await page.getByLabel("API key").fill(key);
    await page.keyboard.press("Enter");
    await page.getByText("Start a conversation").waitFor();
    await page.getByText("somebody else").waitFor();
    assert.equal(await said(page, "Yours alone.").count(), 0);
  });
}

async function copiesCurl({ server, upstream, visit }: ConsoleStage): Promise<void> {
  upstream.on("it's", (reply) => {
    reply.text("Quoted.");
    reply.end({ input: 2, output: 1 });
  });
  await visit(async ({ page, context }) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await signIn(page, server.apiKey, `/console/playground?model=${MODEL}`);
    await page.getByLabel("System prompt").fill("Be brief.");
    await ask(page, "it's");
    await said(page, "Quoted.").waitFor();
    await page.getByRole("button", { name: "Copy as curl" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    const command = String(await page.evaluate("navigator.clipboard.readText()"));
    assert.match(command, new RegExp(`^curl --no-buffer '${server.url}/v1/chat/completions'`));
    assert.ok(command.includes('"Authorization: Bearer $SLIPWAY_API_KEY"') && !command.includes(server.apiKey));
    await page.evaluate("navigator.clipboard.writeText = () => Promise.reject(new Error('only over https'))");
    await page.getByRole("button", { name: /Copied|Copy as curl/ }).click();
    assert.equal(
      await page.getByRole("dialog").getByRole("textbox").inputValue(),
      command,
      "shown, to be copied by hand",
    );
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    const body = /--data '(.*)'$/s.exec(command)?.[1]?.replaceAll(String.raw`'\''`, "'");
    const answer = await fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" },
      body: body ?? "",
    });
    assert.match(await answer.text(), /Quoted\./);
  });
}
