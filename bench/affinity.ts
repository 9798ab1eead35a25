import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SERVER_NODE_FLAGS } from "@slipway/contracts/server-command.ts";
import { serverEntry } from "./candidates/slipway.ts";
import { positive, say } from "./lib/arguments.ts";
import { freePort, startChild, waitFor200 } from "./lib/child.ts";
import { machine } from "./lib/cores.ts";
import { type CachingUpstream, startCachingUpstream } from "./lib/prompt-cache.ts";
import { rounded } from "./lib/stats.ts";
import { table } from "./lib/table.ts";

/*
 * How often a turn of a conversation finds its prompt in the cache of the target that it is sent to: by affinity, and by chance.
 * A running server, four targets, each with a prompt cache of its own as vendors have it.
 *
 *   ./slipway bench affinity [--conversations N] [--turns N] [--json]
 */

const TARGETS = ["node-1", "node-2", "node-3", "node-4"];
/** Conversations that go on at the same time. */
const AT_ONCE = 16;
/** System prompts, each shared by a part of the conversations. */
const SYSTEM_PROMPTS = 6;
const KEPT_PROMPTS = 5_000;
const KEPT_MS = 300_000;
const START_TIMEOUT_MS = 60_000;

const ROUTES = ["affinity", "weighted"] as const;

/** What became of one route's traffic. */
type Figures = {
  route: (typeof ROUTES)[number];
  /** Turns after the first one of a conversation. */
  turns: number;
  /** Of them, those whose whole prompt of the turn before was read from the cache, in percent. */
  hits: number;
  /** Prompt tokens that were read from a cache, in percent of all. */
  cachedTokens: number;
  /** The busiest target's share of the requests, in percent. */
  busiest: number;
};

type Message = { role: string; content: string };

const words = (seed: string, count: number): string => `${seed} lorem ipsum dolor `.repeat(count);

function configuration(): string {
  const targets = TARGETS.map((name) => `      - target: openai-compatible/${name}\n`).join("");
  return `routes:\n${ROUTES.map((name) => `  - name: ${name}\n    strategy: ${name}\n    targets:\n${targets}`).join("")}`;
}

class Traffic {
  readonly #url: string;
  readonly #key: string;
  readonly #route: string;
  turns = 0;
  hits = 0;
  prompt = 0;
  cached = 0;

  constructor(url: string, key: string, route: string) {
    this.#url = url;
    this.#key = key;
    this.#route = route;
  }

  async converse(number: number, turns: number): Promise<void> {
    const system = words(`system prompt ${number % SYSTEM_PROMPTS}`, 160);
    const messages: Message[] = [{ role: "system", content: system }];
    let before = 0;
    for (let turn = 0; turn < turns; turn++) {
      messages.push({ role: "user", content: words(`conversation ${number}, question ${turn}`, 20) });
      const { content, prompt, cached } = await this.#ask(messages);
      messages.push({ role: "assistant", content });
      this.prompt += prompt;
      this.cached += cached;
      if (turn > 0) {
        this.turns++;
        if (cached >= before) this.hits++;
      }
      before = prompt;
    }
  }

  async #ask(messages: readonly Message[]): Promise<{ content: string; prompt: number; cached: number }> {
    const answer = await fetch(`${this.#url}/v1/chat/completions`, {
      method: "POST",
      headers: { "x-api-key": this.#key, "content-type": "application/json" },
      body: JSON.stringify({ model: this.#route, messages }),
    });
    if (answer.status !== 200) throw new Error(`HTTP ${answer.status}: ${await answer.text()}`);
    const { choices, usage } = (await answer.json()) as {
      choices: { message: { content: string } }[];
      usage: { prompt_tokens: number; prompt_tokens_details: { cached_tokens: number } };
    };
    const content = choices[0]?.message.content ?? "";
    return { content, prompt: usage.prompt_tokens, cached: usage.prompt_tokens_details.cached_tokens };
  }
}

async function measure(
  traffic: Traffic,
  route: Figures["route"],
  upstream: CachingUpstream,
  conversations: number,
  turns: number,
): Promise<Figures> {
  upstream.forget();
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < conversations) await traffic.converse(next++, turns);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const counts = [...upstream.requests.values()];
  const sum = counts.reduce((a, b) => a + b, 0);
  return {
    route,
    turns: traffic.turns,
    hits: rounded((100 * traffic.hits) / traffic.turns, 1),
    cachedTokens: rounded((100 * traffic.cached) / traffic.prompt, 1),
    busiest: rounded((100 * Math.max(...counts)) / sum, 1),
  };
}

async function run(conversations: number, turns: number): Promise<Figures[]> {
  const home = await mkdtemp(join(tmpdir(), "slipway-bench-"));
  const upstream = await startCachingUpstream(KEPT_PROMPTS, KEPT_MS);
  const key = `bench-${randomBytes(16).toString("hex")}`;
  const port = await freePort();
  await writeFile(join(home, "slipway.yaml"), configuration());
  const env = {
    PATH: process.env["PATH"],
    PORT: String(port),
    API_KEY: key,
    APP_ENV: "test",
    SLIPWAY_HOME: join(home, "data"),
    OPENAI_COMPATIBLE_BASE_URL: upstream.baseUrl,
    ACCESS_LOG: "false",
  };
  const child = startChild(process.execPath, [...SERVER_NODE_FLAGS, serverEntry()], { env, cwd: home });
  try {
    const url = `http://127.0.0.1:${port}`;
    await waitFor200(`${url}/ready`, child, START_TIMEOUT_MS);
    const all: Figures[] = [];
    for (const route of ROUTES) {
      all.push(await measure(new Traffic(url, key, route), route, upstream, conversations, turns));
      say(`${route}: done`);
    }
    return all;
  } finally {
    await child.stop();
    await upstream.close();
    await rm(home, { recursive: true, force: true });
  }
}

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    conversations: { type: "string", default: "200" },
    turns: { type: "string", default: "8" },
  },
});
const figures = await run(positive("conversations", values.conversations), positive("turns", values.turns));
if (values.json) process.stdout.write(`${JSON.stringify({ machine: machine(), figures })}\n`);
else {
  const rows = figures.map(({ route, turns, hits, cachedTokens, busiest }) => [
    route === "weighted" ? "by chance" : route,
    String(turns),
    `${hits.toFixed(1)} %`,
    `${cachedTokens.toFixed(1)} %`,
    `${busiest.toFixed(1)} %`,
  ]);
  const head = ["", "later turns", "hits", "cached tokens", "busiest of 4"];
  process.stdout.write(`${machine()}\n\n${table([head, ...rows])}\n`);
}
