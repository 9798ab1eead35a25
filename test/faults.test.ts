import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { LLMock } from "@copilotkit/aimock";
import { type Fault, type FaultProxy, startFaultProxy } from "./support/fault-proxy.ts";
import { type RunningServer, startServer } from "./support/server.ts";
import { DIALECTS, type FaultAnswer, postTo } from "./support/spoken-dialects.ts";

/**
 * What every fault does, through every dialect, over an upstream that speaks Chat Completions: the outcome that
 * docs/reference/reliability.md promises. `fault-formats.test.ts` has the other upstreams.
 */

const STORY = "Once upon a time there was a harbour where ships were built.";
/** A request that takes longer hangs. */
const HANG_MS = 20_000;

/** Only the rows that wait for a limit have a short one: a machine that stands still for a moment has no part in the others. */
const ROUTES = `
routes:
  - name: patient
    targets: [{ target: openai-compatible/m }]
  - name: hasty
    targets: [{ target: openai-compatible/m }]
    timeouts: { firstToken: 1s, answer: 1s, idle: 1s, total: 8s }
`;

/** Something that only the first events of the upstream hold, before any word; and something that the first word holds. */
const OPENING = '"role":"assistant"';
const WORD = "Once";

interface Row {
  readonly what: string;
  readonly faults: () => readonly Fault[] | "refused";
  /** Only where an answer is streamed. */
  readonly streamed?: true;
  /** What ends it is a time limit. */
  readonly hasty?: true;
  readonly status: number;
  readonly code?: string;
  /** The code of an error within a stream that began well. */
  readonly streamCode?: string;
  readonly retryAfter?: string;
  /** Requests that the upstream saw. */
  readonly upstream: number;
}

const again = (fault: Fault, times: number): readonly Fault[] => Array.from({ length: times }, () => fault);

const ROWS: readonly Row[] = [
  { what: "nothing", faults: () => [], status: 200, upstream: 1 },
  { what: "refused", faults: () => "refused", status: 502, code: "provider_error", upstream: 0 },
  { what: "reset before headers, once", faults: () => [{ kind: "reset" }], status: 200, upstream: 2 },
  {
    what: "reset before headers, always",
    faults: () => again({ kind: "reset" }, 9),
    status: 502,
    code: "provider_error",
    upstream: 3,
  },
  {
    what: "reset mid-stream before the first word",
    faults: () => [{ kind: "reset", after: OPENING }],
    streamed: true,
    status: 200,
    upstream: 2,
  },
  {
    what: "reset mid-stream after the first word",
    faults: () => [{ kind: "reset", after: WORD }],
    streamed: true,
    status: 200,
    streamCode: "provider_stream_broken",
    upstream: 1,
  },
  { what: "stall before headers, once", faults: () => [{ kind: "stall" }], hasty: true, status: 200, upstream: 2 },
  {
    what: "stall before headers, always",
    faults: () => again({ kind: "stall" }, 9),
    hasty: true,
    status: 504,
    code: "provider_timeout",
    upstream: 3,
  },
  {
    what: "stall mid-stream before the first word",
    faults: () => [{ kind: "stall", after: OPENING }],
    streamed: true,
    hasty: true,
    status: 200,
    upstream: 2,
  },
  {
    what: "stall mid-stream after the first word",
    faults: () => [{ kind: "stall", after: WORD }],
    streamed: true,
    hasty: true,
    status: 200,
    streamCode: "provider_timeout",
    upstream: 1,
  },
  {
    what: "malformed chunk before the first word",
    faults: () => [{ kind: "garble", after: OPENING }],
    streamed: true,
    status: 200,
    upstream: 2,
  },
  {
    what: "malformed chunk after the first word",
    faults: () => [{ kind: "garble", after: WORD }],
    streamed: true,
    status: 200,
    streamCode: "provider_stream_broken",
    upstream: 1,
  },
  {
    what: "429 with Retry-After 1",
    faults: () => [{ kind: "answer", status: 429, headers: { "retry-after": "1" } }],
    status: 200,
    upstream: 2,
  },
  {
    what: "429 with Retry-After 60",
    faults: () => [{ kind: "answer", status: 429, headers: { "retry-after": "60" } }],
    status: 429,
    code: "provider_rate_limited",
    retryAfter: "60",
    upstream: 1,
  },
  { what: "two 500s", faults: () => again({ kind: "answer", status: 500 }, 2), status: 200, upstream: 3 },
  {
    what: "500s without end",
    faults: () => again({ kind: "answer", status: 500 }, 9),
    status: 502,
    code: "provider_error",
    upstream: 3,
  },
  { what: "400", faults: () => [{ kind: "answer", status: 400 }], status: 400, code: "provider_rejected", upstream: 1 },
  { what: "slow first token within its time", faults: () => [{ kind: "slow", ms: 200 }], status: 200, upstream: 1 },
  {
    what: "slow first token past its time",
    faults: () => [{ kind: "slow", ms: 6_000 }],
    hasty: true,
    status: 200,
    upstream: 2,
  },
];

describe("the fault table", () => {
  const mock = new LLMock({ port: 0 });
  let folder: string;
  let proxy: FaultProxy;
  let server: RunningServer;

  const post = (path: string, body: object): Promise<FaultAnswer> => postTo(server, path, body, HANG_MS);

  before(async () => {
    mock.onMessage("tell a story", { content: STORY }, { chunkSize: 6 });
    await mock.start();
    proxy = await startFaultProxy(mock.url);
    folder = await mkdtemp(join(tmpdir(), "slipway-faults-"));
    const file = join(folder, "slipway.yaml");
    await writeFile(file, ROUTES);
    server = await startServer({ env: { OPENAI_COMPATIBLE_BASE_URL: `${proxy.url}/v1`, SLIPWAY_CONFIG: file } });
  });
  after(async () => {
    await server.stop();
    await proxy.close();
    await mock.stop();
    await rm(folder, { recursive: true, force: true });
  });

  for (const spoken of DIALECTS) {
    for (const row of ROWS) {
      for (const stream of row.streamed ? [true] : [true, false]) {
        test(`${spoken.name}, ${stream ? "streamed" : "whole"}: ${row.what}`, async () => {
          proxy.next();
          // What the retry budget lets this row have, and a clean record with the breaker.
          for (let count = 0; count < 15; count += 1)
            await post(spoken.path("patient", false), spoken.body("patient", false));
          const route = row.hasty ? "hasty" : "patient";
          const faults = row.faults();
          if (faults === "refused") await proxy.refuse();
          else proxy.next(...faults);
          const seen = proxy.requests;
          const { status, retryAfter, text } = await post(spoken.path(route, stream), spoken.body(route, stream));
          if (faults === "refused") await proxy.accept();
          assert.equal(status, row.status, text);
          assert.equal(proxy.requests - seen, row.upstream, "requests that the upstream saw");
          assert.equal(retryAfter, row.retryAfter ?? null);
          if (row.code !== undefined) assert.equal(spoken.code(text), row.code);
          else if (row.streamCode === undefined) assert.equal(spoken.text(text, stream), STORY);
          else {
            assert.equal(spoken.streamCode(text), spoken.ownStreamCode ?? row.streamCode);
            assert.ok(!spoken.whole(text), "a broken stream must not say that it is whole");
          }
        });
      }
    }
  }

  test("in a brown-out of one half the upstream sees at most 1.2 requests for each of a client's", async () => {
    const [spoken] = DIALECTS;
    assert.ok(spoken);
    proxy.always((count) => (count % 2 === 0 ? { kind: "answer", status: 500 } : { kind: "pass" }));
    await new Promise((resolve) => setTimeout(resolve, 10_000)); // What came before gives no retries any more.
    const seen = proxy.requests;
    let good = 0;
    const clients = 300;
    for (let count = 0; count < clients; count += 10) {
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => post(spoken.path("patient", false), spoken.body("patient", false))),
      );
      good += answers.filter(({ status }) => status === 200).length;
    }
    const asked = proxy.requests - seen;
    assert.ok(asked <= 1.2 * clients, `${asked} upstream requests for ${clients}`);
    assert.ok(asked > 1.1 * clients, "the control: without a budget every failure would have been tried again");
    assert.ok(good > 0.5 * clients, `${good} of ${clients} were answered`);
  });

  test("the metrics name attempts by outcome, and the log has a line when a breaker changes", async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    for (const outcome of ["ok", "error", "timeout", "rate_limited", "rejected"])
      assert.match(
        metrics,
        new RegExp(`slipway_attempts_total\\{target="openai-compatible/m",outcome="${outcome}"\\} \\d+`),
      );
    assert.match(metrics, /slipway_retries_denied_total\{provider="openai-compatible"\} \d+/);
    assert.match(metrics, /slipway_breaker_changes_total\{target="openai-compatible\/m",to="open"\} \d+/);
    assert.match(server.output(), /a target is taken out: its calls fail/);
  });
});
