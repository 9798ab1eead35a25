import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { axeViolations, launchBrowser, openPage } from "./support/browser.ts";
import { ask, type ConsoleStage, MODEL, said, signIn, startConsoleStage } from "./support/console.ts";
import { requireChromium } from "./support/require.ts";
import { startServer } from "./support/server.ts";

const IMAGES = resolve(import.meta.dirname, "../docs/images");

test("every page of the console", async (t) => {
  const chromium = requireChromium(t);
  if (chromium === undefined) return;
  const stage = await startConsoleStage(chromium);
  t.after(() => stage.close());
  scriptAnswers(stage);
  await t.test("the served page holds no inline script, no inline style and no address of another host", () =>
    servedPage(stage),
  );
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1280, 360]) {
      await t.test(`axe finds nothing, ${colorScheme}, ${width} px wide, and nothing sticks out`, () =>
        everyPage(stage, colorScheme, width),
      );
    }
  }
  await t.test("each stop of the Tab key shows where it is, and the skip link leads to the content", () =>
    tabStops(stage),
  );
  await t.test("a broken agent is listed with file and line, and cannot be opened", () => brokenAgent(stage));
  await t.test("an address that leads nowhere says so", () => notFound(stage));
  await t.test("without its server the console says so and comes back by itself", () => unreachable(stage));
  await t.test("a planted fault of each kind is found: axe, policy, foreign host", () =>
    plantedFaults(stage, chromium),
  );
  await t.test("the picture of the README is taken in both schemes", () => takePictures(stage));
});

test("a server without agents and without a provider key says how to get both", async (t) => {
  const chromium = requireChromium(t);
  if (chromium === undefined) return;
  const agents = await mkdtemp(join(tmpdir(), "slipway-no-agents-"));
  const server = await startServer({ env: { AGENTS_DIR: agents } });
  const browser = await launchBrowser(chromium);
  t.after(async () => {
    await browser.close();
    await server.stop();
    await rm(agents, { recursive: true, force: true });
  });
  for (const colorScheme of ["light", "dark"] as const) {
    const { page, context, trespasses } = await openPage(browser, server.url, { colorScheme });
    await signIn(page, server.apiKey, "/console/agents");
    await page.getByRole("heading", { name: "No agents yet" }).waitFor();
    assert.match(await page.locator("pre").innerText(), /^import \{ defineAgent \} from "slipway\/agent";/);
    assert.match(await page.getByRole("note").innerText(), /mock model[\s\S]*OPENAI_API_KEY/);
    assert.deepEqual(await axeViolations(page), []);
    await page.getByRole("link", { name: "Playground" }).click();
    await page.getByText("mock-1 answers here").waitFor();
    await ask(page, "Ahoy");
    await said(page, "Mock answer to: Ahoy").waitFor();
    assert.deepEqual(trespasses, { foreign: [], policy: [], exceptions: [] });
    await context.close();
  }
});

const CODE_ANSWER = `Three steps, and the last one can be taken back:

1. Deploy the new revision beside the old one, without traffic.
2. Wait until it is ready and its checks pass.
3. Move all traffic, and keep the old revision warm.

\`\`\`sh
./slipway rollout blue-green --target gke --pause-before-shift --keep-old-revision-warm-for 2h
\`\`\`
`;

function scriptAnswers({ upstream }: ConsoleStage): void {
  upstream.on("blue-green", (reply) => {
    reply.text(CODE_ANSWER);
    reply.end({ input: 26, output: 88 });
  });
  upstream.on("refuse", (reply) => reply.refuse(400, "No such luck."));
  upstream.on("SO-1042", (reply, messages) => {
    const results = messages.filter((message) => message.role === "tool");
    if (results.length === 0) return reply.toolCall("look_up_order", { number: "SO-1042" });
    if (results.length === 1) return reply.toolCall("estimate_arrival", { number: "SO-1042" });
    const [order, arrival] = results.map(({ content }) => JSON.parse(content ?? "{}") as Record<string, string>);
    reply.text(
      `Your order SO-1042 for ${order?.["customer"]} left our house on ${arrival?.["shippedOn"]} by ${arrival?.["service"]} service.\n\n` +
        `It should arrive on ${arrival?.["arrivesOn"]}. That is an estimate: weekends are left out, a storm is not.`,
    );
    return reply.end({ input: 412, output: 61 });
  });
  upstream.on("as JSON", (reply) => {
    reply.text(
      'Here it is:\n\n```json\n{\n  "number": "SO-1042",\n  "service": "standard",\n  "arrivesOn": "2026-11-25"\n}\n```\n',
    );
    reply.end({ input: 498, output: 44 });
  });
}

/** What a page must not hold under `default-src 'self'`, or would ask another host for. */
function inlineContent(html: string): string[] {
  const scripts = [...html.matchAll(/<script\b(?![^>]*\bsrc=)[^>]*>/g)].map(([tag]) => tag);
  const styles = [...html.matchAll(/<style\b[^>]*>|<[^>]+\s(?:style|on\w+)=[^>]*>/g)].map(([tag]) => tag);
  const foreign = [...html.matchAll(/(?:src|href)="(?!\/console\/)[^"]*"/g)].map(([attribute]) => attribute);
  return [...scripts, ...styles, ...foreign];
}

async function servedPage({ server }: ConsoleStage): Promise<void> {
  const response = await fetch(`${server.url}/console/playground`);
  const html = await response.text();
  assert.match(response.headers.get("content-security-policy") ?? "", /default-src 'self'/);
  assert.doesNotMatch(response.headers.get("content-security-policy") ?? "", /unsafe-/);
  assert.match(html, /<script [^>]*src="\/console\/assets\//);
  assert.deepEqual(inlineContent(html), []);
  const planted = [
    "<script>1</script>",
    '<p style="color:red">',
    '<link href="https://fonts.example/x.css">',
    "<style>p{}</style>",
  ];
  for (const fault of planted) assert.equal(inlineContent(html + fault).length, 1, fault);
}

/** Wider than the window: the page would scroll sideways. */
async function sticksOut(page: Page): Promise<boolean> {
  return (await page.evaluate(
    `document.documentElement.scrollWidth > innerWidth || document.querySelector("main").scrollWidth > document.querySelector("main").clientWidth`,
  )) as boolean;
}

async function everyPage({ server, visit }: ConsoleStage, colorScheme: "light" | "dark", width: number): Promise<void> {
  await visit(
    async ({ page }) => {
      const check = async (name: string): Promise<void> => {
        assert.deepEqual(await axeViolations(page), [], name);
        assert.equal(await sticksOut(page), false, `${name} sticks out`);
      };
      await page.goto("/console/sign-in");
      await page.getByLabel("API key").waitFor();
      await check("sign-in");
      await page.getByLabel("API key").fill("wrong");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").waitFor();
      await check("sign-in refused");
      await signIn(page, server.apiKey);
      await page.getByText("Start a conversation").waitFor();
      await check("playground, empty");
      await page.getByLabel("Model").selectOption(MODEL);
      await ask(page, "How do I release blue-green?");
      await page.getByText("88 out").waitFor();
      await check("playground, answered");
      await ask(page, "refuse");
      await page.getByRole("alert").waitFor();
      await check("playground, failed");
      await page.getByRole("link", { name: "Agents" }).click();
      await page.getByRole("heading", { name: "leaky" }).waitFor();
      await check("agents");
      await page.getByRole("link", { name: "New agent" }).click();
      await page.getByLabel("Name").fill("No Name");
      await page.getByLabel("Description").fill("Refused.");
      await page.getByLabel("Instructions").fill("None.");
      await page.getByRole("button", { name: "Create agent" }).click();
      await page.getByRole("alert").waitFor();
      await check("new agent, refused");
      await page.goto("/console/nowhere");
      await page.getByRole("heading", { name: "Page not found" }).waitFor();
      await check("not found");
    },
    { colorScheme, width, height: 740 },
  );
}

/** What has the focus, and whether an outline of its own or around it shows that. */
const FOCUSED = `(() => {
  const element = document.activeElement;
  const drawn = (candidate) => candidate && getComputedStyle(candidate).outlineStyle !== "none";
  if (element === document.body) return { name: "", visible: true };
  const name = element.getAttribute("aria-label") || element.innerText || element.id || element.tagName;
  return { name: name.trim().replaceAll(/\\s+/g, " "), visible: drawn(element) || drawn(element.closest("form")) };
})()`;

function focusOf(page: Page): Promise<{ readonly name: string; readonly visible: boolean }> {
  return page.evaluate(FOCUSED);
}

async function tabStops({ server, visit }: ConsoleStage): Promise<void> {
  await visit(async ({ page }) => {
    await signIn(page, server.apiKey, `/console/playground?model=${MODEL}`);
    await ask(page, "How do I release blue-green?");
    await page.getByText("88 out").waitFor();
    await page.getByRole("link", { name: "Agents" }).click();
    await page.getByRole("heading", { name: "leaky" }).waitFor();
    await page.getByRole("link", { name: "Playground", exact: true }).click();
    await page.locator("textarea:focus").waitFor();
    assert.equal(await page.getByLabel("Model").inputValue(), MODEL, "the conversation goes on with whom it was");
    await page.evaluate("document.activeElement.blur()");
    const names: string[] = [];
    for (let stop = 0; stop < 30; stop++) {
      await page.keyboard.press("Tab");
      const { name, visible } = await focusOf(page);
      // Past the last stop the browser's own controls have the turn.
      if (name === "") continue;
      if (names.includes(name)) break;
      assert.equal(visible, true, `the focus on "${name}" cannot be seen`);
      names.push(name);
    }
    for (const expected of [
      "Playground",
      "Agents",
      "Sign out",
      "Copy as curl",
      "Conversation",
      "sh block",
      "Ask again",
      "message",
    ]) {
      assert.ok(names.includes(expected), `Tab never reached "${expected}", only ${names.join(", ")}`);
    }
    await page.goto("/console/agents");
    await page.getByRole("heading", { name: "leaky" }).waitFor();
    await page.keyboard.press("Tab");
    assert.equal((await focusOf(page)).name, "Skip to content");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    assert.equal((await focusOf(page)).name, "New agent");
    await page.keyboard.press("Tab");
    assert.match((await focusOf(page)).name, /^Open in playground/);
  });
}

async function brokenAgent({ server, visit }: ConsoleStage): Promise<void> {
  await visit(async ({ page }) => {
    await signIn(page, server.apiKey, "/console/agents");
    const broken = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "leaky" }) });
    await broken.waitFor();
    assert.match(await broken.innerText(), /Broken[\s\S]*leaky\/agent\.ts:\d+.*instructions/);
    assert.equal(await broken.getByRole("link").count(), 0);
    assert.equal(await page.getByText("2 ready, 1 broken").count(), 1);
    assert.equal(await page.getByRole("link", { name: /^Open in playground/ }).count(), 2);
    assert.equal(await page.title(), "Agents · Slipway");
  });
}

async function notFound({ visit }: ConsoleStage): Promise<void> {
  await visit(async ({ page }) => {
    await page.goto("/console/no/such/page");
    await page.getByRole("heading", { name: "Page not found" }).waitFor();
    assert.equal(await page.title(), "Page not found · Slipway");
    await page.getByRole("link", { name: "Go to the playground" }).click();
    await page.getByLabel("API key").waitFor();
  });
}

async function unreachable({ server, visit }: ConsoleStage): Promise<void> {
  await visit(async ({ page }) => {
    await signIn(page, server.apiKey, "/console/agents");
    await page.route("**/api/**", (route) => route.abort());
    await page.reload();
    await page.getByRole("heading", { name: "Server unreachable" }).waitFor();
    assert.match(await page.getByRole("alert").innerText(), /cannot be reached[\s\S]*Check that it is running/);
    assert.deepEqual(await axeViolations(page), []);
    await page.unroute("**/api/**");
    await page.getByRole("heading", { name: "order-desk" }).waitFor();
  });
}

async function plantedFaults({ server }: ConsoleStage, chromium: string): Promise<void> {
  const browser = await launchBrowser(chromium);
  try {
    const { page, trespasses } = await openPage(browser, server.url);
    await page.goto("/console/sign-in");
    await page.getByLabel("API key").waitFor();
    await page.evaluate(`document.querySelector("h1").style.color = "#ccc"`);
    assert.deepEqual(await axeViolations(page), ["color-contrast: h1"]);
    await page.evaluate(
      `document.body.append(Object.assign(document.createElement("img"), { src: "/console/favicon.svg" }))`,
    );
    assert.ok((await axeViolations(page)).includes("image-alt: img"));
    assert.deepEqual(trespasses.policy, []);
    // What an injection would write: markup that brings its own script.
    await page.evaluate(
      `document.body.insertAdjacentHTML("beforeend", "<button id=planted onclick='window.ran = 1'>x</button>"); planted.click()`,
    );
    await page.evaluate(`fetch("https://elsewhere.example/pixel").catch(() => undefined)`);
    // Reports of what was refused come on their own.
    for (let looks = 0; trespasses.policy.length < 2 && looks < 100; looks += 1) await page.waitForTimeout(100);
    assert.deepEqual(trespasses.policy, ["script-src-attr inline", "connect-src https://elsewhere.example/pixel"]);
    assert.equal(await page.evaluate("window.ran"), undefined);
    const open = await openPage(browser, server.url, { bypassCSP: true });
    await open.page.goto("/console/sign-in");
    await open.page.evaluate(`fetch("https://elsewhere.example/pixel").catch(() => undefined)`);
    assert.deepEqual(open.trespasses.foreign, ["https://elsewhere.example/pixel"]);
  } finally {
    await browser.close();
  }
}

/** Takes the README's pictures; they replace those in the repository when UPDATE_SCREENSHOTS=1 asks for it. */
async function takePictures({ server, visit }: ConsoleStage): Promise<void> {
  for (const [colorScheme, file] of [
    ["light", "console-playground.png"],
    ["dark", "console-playground-dark.png"],
  ] as const) {
    await visit(
      async ({ page }) => {
        await signIn(page, server.apiKey, "/console/playground?model=agent/order-desk");
        await ask(page, "Where is my order SO-1042, and when will it be here?");
        await page.getByText("77 out").waitFor();
        await ask(page, "Give me that as JSON, please.");
        await page.getByText("44 out").waitFor();
        const picture = await page.screenshot({ animations: "disabled", caret: "hide" });
        // The width of the PNG, from its header (https://www.w3.org/TR/png-3/#11IHDR).
        assert.equal(picture.readUInt32BE(16), 2560);
        assert.ok(picture.length > 50_000, `a picture of ${picture.length} bytes shows nothing`);
        if (process.env["UPDATE_SCREENSHOTS"] !== "1") return;
        await mkdir(IMAGES, { recursive: true });
        await writeFile(join(IMAGES, file), picture);
      },
      { colorScheme, width: 1280, height: 800, deviceScaleFactor: 2 },
    );
  }
}
