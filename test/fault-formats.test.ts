import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { LLMock } from "@copilotkit/aimock";
import { type Fault, type FaultProxy, startFaultProxy } from "./support/fault-proxy.ts";
import { type RunningServer, startServer } from "./support/server.ts";
import { DIALECTS, type FaultAnswer, postTo } from "./support/spoken-dialects.ts";

/** Some faults of each kind through every dialect, over the upstream formats that `faults.test.ts` leaves out. */

const STORY = "Once upon a time there was a harbour where ships were built.";
/** A request that takes longer hangs. */
const HANG_MS = 20_000;
const WORD = "Once";

/** An upstream format; `opening` is something that only its first events hold, before any word. */
interface Format {
  readonly name: string;
  readonly target: string;
  /** Absent: its first event has the first word already. */
  readonly opening?: string;
}

const FORMATS: readonly Format[] = [
  { name: "openai-responses", target: "openai/gpt-5-mini", opening: "response.created" },
  { name: "anthropic", target: "anthropic/claude-haiku-4-5", opening: "message_start" },
  { name: "google", target: "google/gemini-flash-latest" },
];

const ROUTES = `
routes:${FORMATS.map(
  ({ name, target }) => `
  - name: ${name}
    targets: [{ target: ${target} }]
    timeouts: { firstToken: 15s, answer: 15s, idle: 1500ms, total: 18s }`,
).join("")}
`;

interface Row {
  readonly what: string;
  readonly fault?: (format: Format) => Fault;
  readonly status: number;
  readonly code?: string;
  /** The code of an error within a stream that began well. */
  readonly streamCode?: string;
  readonly retryAfter?: string;
  /** Requests that the upstream saw. */
  readonly upstream: number;
}

const ROWS: readonly Row[] = [
  { what: "nothing", status: 200, upstream: 1 },
  {
    what: "reset before the first word",
    fault: ({ opening }) => (opening === undefined ? { kind: "reset" } : { kind: "reset", after: opening }),
    status: 200,
    upstream: 2,
  },
  {
    what: "reset after the first word",
    fault: () => ({ kind: "reset", after: WORD }),
    status: 200,
    streamCode: "provider_stream_broken",
    upstream: 1,
  },
  {
    what: "stall after the first word",
    fault: () => ({ kind: "stall", after: WORD }),
    status: 200,
    streamCode: "provider_timeout",
    upstream: 1,
  },
  {
    what: "malformed chunk after the first word",
    fault: () => ({ kind: "garble", after: WORD }),
    status: 200,
    streamCode: "provider_stream_broken",
    upstream: 1,
  },
  {
    what: "event that is no JSON after the first word",
    fault: () => ({ kind: "nonsense", after: WORD }),
    status: 200,
    streamCode: "provider_stream_broken",
    upstream: 1,
  },
  {
    what: "429 with Retry-After 60",
    fault: () => ({ kind: "answer", status: 429, headers: { "retry-after": "60" } }),
    status: 429,
    code: "provider_rate_limited",
    retryAfter: "60",
    upstream: 1,
  },
  { what: "500, once", fault: () => ({ kind: "answer", status: 500 }), status: 200, upstream: 2 },
];

describe("the fault table over other upstream formats", () => {
  const mock = new LLMock({ port: 0, chunkSize: 6 });
  let folder: string;
  let proxy: FaultProxy;
  let server: RunningServer;

  const post = (path: string, body: object): Promise<FaultAnswer> => postTo(server, path, body, HANG_MS);

  before(async () => {
    mock.onMessage("tell a story", { content: STORY });
    await mock.start();
    proxy = await startFaultProxy(mock.url);
    folder = await mkdtemp(join(tmpdir(), "slipway-formats-"));
    const file = join(folder, "slipway.yaml");
    await writeFile(file, ROUTES);
    server = await startServer({
      env: {
        SLIPWAY_CONFIG: file,
        OPENAI_API: "responses",
        OPENAI_API_KEY: "sk-test",
        OPENAI_BASE_URL: `${proxy.url}/v1`,
        ANTHROPIC_API_KEY: "sk-test",
        ANTHROPIC_BASE_URL: proxy.url,
        GEMINI_API_KEY: "sk-test",
        GEMINI_BASE_URL: proxy.url,
      },
    });
  });
  after(async () => {
    await server.stop();
    await proxy.close();
    await mock.stop();
    await rm(folder, { recursive: true, force: true });
  });

  for (const format of FORMATS) {
    for (const spoken of DIALECTS) {
      for (const row of ROWS) {
        test(`${spoken.name} over ${format.name}: ${row.what}`, async () => {
          const { name } = format;
          proxy.next();
          // A clean record with the breaker, and where it is asked again what the retry budget wants for that.
          const clean = row.upstream > 1 ? 6 : 2;
          for (let count = 0; count < clean; count += 1) {
            const { status, text } = await post(spoken.path(name, false), spoken.body(name, false));
            assert.equal(status, 200, text);
            assert.equal(spoken.text(text, false), STORY);
          }
          proxy.next(...(row.fault ? [row.fault(format)] : []));
          const seen = proxy.requests;
          const { status, retryAfter, text } = await post(spoken.path(name, true), spoken.body(name, true));
          assert.equal(status, row.status, text);
          assert.equal(proxy.requests - seen, row.upstream, "requests that the upstream saw");
          assert.equal(retryAfter, row.retryAfter ?? null);
          if (row.code !== undefined) assert.equal(spoken.code(text), row.code);
          else if (row.streamCode === undefined) {
            assert.equal(spoken.text(text, true), STORY);
            assert.ok(spoken.whole(text), "a whole stream says so");
          } else {
            assert.equal(spoken.streamCode(text), spoken.ownStreamCode ?? row.streamCode);
            assert.ok(spoken.text(text, true).startsWith(WORD), "what was said before is not lost");
            assert.ok(!spoken.whole(text), "a broken stream must not say that it is whole");
          }
        });
      }
    }
  }
});
