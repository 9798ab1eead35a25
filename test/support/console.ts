import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Locator, Page } from "playwright-core";
import { buildConsole } from "../../deploy/src/local/console-build.ts";
import { launchBrowser, openPage, type PageOptions, type WatchedPage } from "./browser.ts";
import { type ScriptedUpstream, startScriptedUpstream } from "./scripted-upstream.ts";
import { type RunningServer, startServer } from "./server.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** The model that the scripted upstream offers. */
export const MODEL = "gpt-5-mini";

/** A plugin agent whose file lacks what it needs. */
const BROKEN_AGENT = `import { defineAgent } from "slipway/agent";

export default defineAgent({
  name: "leaky",
  description: "Has no instructions.",
});
`;

/** A real server with the console, a model that says what the test tells it to, and a browser. */
export interface ConsoleStage {
  readonly server: RunningServer;
  readonly upstream: ScriptedUpstream;
  /** Opens a page, hands it over, and afterwards fails if the page has left its host, broken the policy or thrown. */
  readonly visit: (use: (visited: WatchedPage) => Promise<void>, options?: PageOptions) => Promise<void>;
  close(): Promise<void>;
}

/** Builds the console if it has changed, and starts everything. The agents are the shipped ones and a broken one. */
export async function startConsoleStage(chromiumPath: string): Promise<ConsoleStage> {
  await buildConsole(() => undefined);
  // Inside the checkout, for agents import `slipway/agent` by its name.
  await mkdir(join(ROOT, ".cache"), { recursive: true });
  const agents = await mkdtemp(join(ROOT, ".cache/test-agents-"));
  for (const name of ["concierge", "order-desk"])
    await cp(join(ROOT, "agents", name), join(agents, name), { recursive: true });
  await mkdir(join(agents, "leaky"));
  await writeFile(join(agents, "leaky/agent.ts"), BROKEN_AGENT);
  const upstream = await startScriptedUpstream([MODEL]);
  const server = await startServer({
    env: { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: upstream.url, DEFAULT_MODEL: MODEL, AGENTS_DIR: agents },
  });
  const browser = await launchBrowser(chromiumPath);
  return {
    server,
    upstream,
    async visit(use, options) {
      const visited = await openPage(browser, server.url, options);
      try {
        await use(visited);
        assert.deepEqual(visited.trespasses, { foreign: [], policy: [], exceptions: [] });
      } finally {
        await visited.context.close();
      }
    },
    async close() {
      await browser.close();
      await server.stop();
      await upstream.close();
      await rm(agents, { recursive: true, force: true });
    },
  };
}

/** Signs in by the form and waits for the page that was asked for. */
export async function signIn(page: Page, apiKey: string, path = "/console/playground"): Promise<void> {
  await page.goto(path);
  await page.getByLabel("API key").fill(apiKey);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Console" }).waitFor();
}

/** Opens the playground on a model or an agent and sends a message. */
export async function ask(page: Page, message: string): Promise<void> {
  await page.getByLabel("Message").fill(message);
  await page.keyboard.press("Enter");
}

/** What the transcript says; a screen reader is told of an answer elsewhere. */
export function said(page: Page, text: string): Locator {
  return page.locator("ol").getByText(text, { exact: true });
}

/** The promise, or a failure that names what did not happen within 15 seconds. */
export async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  const late = new AbortController();
  const wait = setTimeout(15_000, undefined, { signal: late.signal }).then(() => {
    throw new Error(`${what} has not happened within 15 s`);
  });
  try {
    return await Promise.race([promise, wait]);
  } finally {
    late.abort();
    await wait.catch(() => undefined);
  }
}

/** A promise and the function that keeps it. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve: open } = Promise.withResolvers<void>();
  return { opened: promise, open };
}
