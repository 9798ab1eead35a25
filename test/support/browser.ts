import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

/** Keeps Chromium from talking to anybody but the pages that are tested; root needs it without its own sandbox. */
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Milliseconds that anything on a page may take; a loaded machine is slow, a page that waits for nothing is wrong. */
const PATIENCE_MS = 15_000;

/** What a page did that no page of the console may do. */
export interface Trespasses {
  /** Addresses on other hosts that were asked for. They were not reached. */
  readonly foreign: readonly string[];
  /** What the Content-Security-Policy refused. */
  readonly policy: readonly string[];
  /** Exceptions that nobody caught. */
  readonly exceptions: readonly string[];
}

/** A page in a profile of its own, with what it trespassed on so far. */
export interface WatchedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly trespasses: Trespasses;
}

/** How a page is opened. */
export interface PageOptions {
  readonly colorScheme?: "light" | "dark";
  readonly width?: number;
  readonly height?: number;
  readonly deviceScaleFactor?: number;
  /** Other origins that the page is led to on purpose. */
  readonly visits?: readonly string[];
  /** For the control of the watch itself: lets through what the server's policy refuses. */
  readonly bypassCSP?: boolean;
}

/** Starts the Chromium at this path. */
export function launchBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ARGUMENTS });
}

/** Opens an empty page whose home is the origin, and watches where it goes. */
export async function openPage(browser: Browser, origin: string, options: PageOptions = {}): Promise<WatchedPage> {
  const { width = 1280, height = 800, visits = [], ...rest } = options;
  const context = await browser.newContext({ baseURL: origin, viewport: { width, height }, ...rest });
  context.setDefaultTimeout(PATIENCE_MS);
  const foreign: string[] = [];
  const policy: string[] = [];
  const exceptions: string[] = [];
  await context.route(
    (url) => url.origin !== origin && !visits.includes(url.origin),
    (route) => {
      foreign.push(route.request().url());
      return route.abort();
    },
  );
  await context.exposeBinding("__reportPolicy", (_source, violation: string) => policy.push(violation));
  await context.addInitScript(
    `document.addEventListener("securitypolicyviolation", (event) =>
       window.__reportPolicy(event.effectiveDirective + " " + (event.blockedURI || "inline")));`,
  );
  const page = await context.newPage();
  page.on("pageerror", (error) => exceptions.push(String(error)));
  return { page, context, trespasses: { foreign, policy, exceptions } };
}

/** What axe finds wrong with the page as it stands: `rule: selector`, by all rules that axe runs by default. */
export async function axeViolations(page: Page): Promise<string[]> {
  const { violations, passes } = await new AxeBuilder({ page }).analyze();
  // A page on which nothing applies would pass every check.
  if (passes.length < 8) throw new Error(`axe found only ${passes.length} rules to check on ${page.url()}`);
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")}`));
}
