import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readSlipwayYaml } from "@slipway/contracts/spec/read-yaml.ts";
import { type TargetName, TARGETS } from "@slipway/contracts/spec/environment.ts";
import { resolveEnvironment } from "#spec/resolve.ts";
import type { Spec } from "#spec/spec.ts";
import { exampleText } from "../testing/examples.ts";
import { CASES, MONTH_HOURS } from "./assumptions.ts";
import { estimateCost, type Pricing } from "./cost.ts";
import { postgresMemory } from "./data.ts";
import { line, total, unknownLine } from "./estimate.ts";
import { amountOf, dollars, picoDollars } from "./money.ts";
import { lambdaDuration } from "./platforms.ts";
import { PRICES, priceSource } from "./prices/all.ts";
import { costForPeople } from "./text.ts";
import { instanceHours, needed, type SizedService } from "./usage.ts";

const TODAY = "2026-11-21";
/** Round prices, so that sums can be made in the head. */
const tokens: Pricing["tokens"] = (provider, model) =>
  provider === "openai" && model === "gpt-5-mini" ? { input: 250_000, output: 2_000_000 } : undefined;
const pricing: Pricing = { prices: priceSource(), tokens, today: TODAY };

/** A spec as if it were for another platform, whatever that platform wants of a spec besides. */
function specOf(text: string, environment: string, target?: TargetName): Spec {
  const spec = resolveEnvironment(readSlipwayYaml(text, "slipway.yaml"), environment);
  return target === undefined ? spec : { ...spec, environment: { ...spec.environment, target } };
}

const generator = await exampleText("agent-generator");

/** A system of one service that is always there once, with nothing beside it. */
function small(target: TargetName): Spec {
  const text = `name: desk\nimages: { app: a.example/b/c@sha256:${"a".repeat(64)} }\nservices:\n  web:\n    roles: [router]\n    cpu: 1\n    memory: 1Gi\n    scale: { min: 1, max: 1 }\nenvironments:\n  production:\n    target: compose\n    regions: [us-east-1]\n`;
  return specOf(text, "production", target);
}

const service: SizedService = {
  name: "web",
  public: true,
  millicores: 1000,
  mebibytes: 1024,
  min: 1,
  max: 10,
  concurrency: 100,
  cpuTarget: 70,
};

function lineOf(spec: Spec, requests: number, what: string) {
  const [estimate] = estimateCost(spec, [requests], pricing).estimates;
  return estimate?.lines.find((one) => one.what === what) ?? assert.fail(`no line ${what}`);
}

test("prices are exact whole numbers of pico-dollars, and an amount is rounded once", () => {
  assert.equal(picoDollars("0.0000025"), 2_500_000);
  assert.equal(picoDollars("1"), 1e12);
  assert.throws(() => picoDollars("1e-6"), RangeError);
  assert.throws(() => picoDollars("-1"), RangeError);
  assert.equal(amountOf("0.000001", 1_500_000), 1_500_000);
  assert.equal(dollars(1_234_560_000), "$1,234.56");
  assert.equal(dollars(1), "<$0.01");
  assert.equal(dollars(0), "$0.00");
  assert.equal(dollars(-12_000_000), "−$12.00");
});

test("AWS Lambda's published example: 3 million requests of a second with 512 MB are $18.34 and $0.40", () => {
  // https://aws.amazon.com/lambda/pricing/, example 1, with its price of that day: $0.00001667.
  const seconds = lambdaDuration(3_000_000, 1, 512) - 400_000;
  assert.equal(dollars(amountOf("0.00001667", seconds)), "$18.34");
  const requests = PRICES["amazon"]?.["lambda-requests"] ?? assert.fail();
  assert.equal(dollars(amountOf(requests.usd, 3_000_000 - (requests.free ?? 0))), "$0.40");
});

test("published examples of machines: RDS db.t4g.small $23.36, twice with a standby; Cloud SQL 4 vCPU and 15 GB $197.25", () => {
  const month = (vendor: string, name: string, units: number): number =>
    amountOf(PRICES[vendor]?.[name]?.usd ?? assert.fail(name), units * MONTH_HOURS);
  assert.equal(dollars(month("amazon", "postgres-2", 1)), "$23.36");
  assert.equal(dollars(month("amazon", "postgres-2", 2)), "$46.72");
  // The page rounds each part down, to $120.59 and $76.65.
  assert.equal(dollars(month("google", "postgres-cpu", 4) + month("google", "postgres-memory", 15)), "$197.25");
});

test("by hand: one instance with 1 vCPU and 1 GiB all month on Cloud Run and on Fargate", () => {
  // 730 h × 3,600 s × $0.000018 and × $0.000002.
  const run = specOf(
    generator.replace("min: 3, max: 10", "min: 1, max: 1").replace("cpu: 500m", "cpu: 1"),
    "production",
    "cloud-run",
  );
  assert.equal(lineOf(run, 1000, "web: cpu").amounts?.expected, 47_304_000);
  assert.equal(lineOf(run, 1000, "web: memory").amounts?.expected, 5_256_000);
  // 730 h × $0.04048 and × $0.004445.
  assert.equal(lineOf(small("ecs"), 1000, "web: cpu").amounts?.expected, 29_550_400);
  assert.equal(lineOf(small("ecs"), 1000, "web: memory").amounts?.expected, 3_244_850);
});

test("by hand: Lambda holds 1 GB for 5 s a request, and is called once for each", () => {
  // 100,000 a day × 730/24 days × 5 s × $0.0000166667, and × $0.20 a million.
  const spec = small("lambda");
  assert.equal(dollars(lineOf(spec, 100_000, "web: duration").amounts?.expected ?? 0), "$253.47");
  assert.equal(dollars(lineOf(spec, 100_000, "web: requests").amounts?.expected ?? 0), "$0.61");
  assert.equal(dollars(lineOf(spec, 100_000, "HTTP API").amounts?.expected ?? 0), "$3.04");
});

test("by hand: instances follow open requests and CPU, within the scale, and a service that sleeps costs less", () => {
  // 20 a second × 5 s are 100 open requests: one instance of concurrency 100 is full.
  assert.equal(needed(service, 20, "expected"), 1);
  // 3,000 a second × 222.7 µs are 0.668 cores, of which an instance may use 0.7.
  assert.ok(Math.abs(needed({ ...service, concurrency: 1e6 }, 3000, "expected") - 0.668_1 / 0.7) < 1e-9);
  assert.ok(Math.abs(instanceHours(service, 1000, "expected") - MONTH_HOURS) < 1e-6);
  const asleep = instanceHours({ ...service, min: 0 }, 10, "low");
  // Ten requests of a second each a day: ten seconds of 86,400.
  assert.ok(Math.abs(asleep / MONTH_HOURS - 10 / 86_400) < 1e-6);
});

test("what was not found is unknown and never nothing: it is named, and the sum is a lower bound", () => {
  const spec = specOf(generator, "production");
  const report = estimateCost(spec, [100_000], pricing);
  const [estimate] = report.estimates;
  assert.ok(estimate !== undefined);
  const objects = estimate.lines.find(({ what }) => what === "object storage");
  assert.equal(objects?.amounts, null);
  assert.deepEqual(estimate.platform.unknown, ["redis", "object storage"]);
  const text = costForPeople(report);
  assert.match(text, /object storage +unknown +unknown +unknown/);
  assert.match(text, /platform +at least \$/);
  assert.match(text, /object storage is not known: no price of google\/objects was found/);
  assert.equal((JSON.parse(JSON.stringify(objects)) as { amounts: unknown }).amounts, null);
});

test("without a price list everything is unknown; with the lists nothing that has a price is", () => {
  const spec = small("ecs");
  const none = estimateCost(spec, [1000], { ...pricing, prices: priceSource({}) }).estimates[0];
  assert.ok(none !== undefined && none.lines.every(({ amounts }) => amounts === null));
  assert.match(costForPeople(estimateCost(spec, [1000], { ...pricing, prices: priceSource({}) })), /platform +unknown/);
  const known = estimateCost(spec, [1000], pricing).estimates[0];
  assert.deepEqual(known?.platform.unknown, []);
});

test("an unknown line propagates into any sum", () => {
  const known = line(priceSource(), "a", "railway/seat", () => 1);
  assert.deepEqual(total([known]).unknown, []);
  assert.deepEqual(total([known, unknownLine("b", "why")]), { low: 20e6, expected: 20e6, high: 20e6, unknown: ["b"] });
});

const targets = TARGETS.filter((target) => target !== "compose");

test("more requests never cost less, and low ≤ expected ≤ high, on every platform and for every line", () => {
  const specs = targets.map((target) => specOf(generator, "production", target));
  fc.assert(
    fc.property(fc.constantFrom(...specs), fc.nat({ max: 1e8 }), fc.nat({ max: 1e8 }), (spec, one, two) => {
      const report = estimateCost(spec, [Math.min(one, two), Math.max(one, two)], pricing);
      const [less, more] = report.estimates;
      assert.ok(less !== undefined && more !== undefined);
      for (const [index, { what, amounts }] of less.lines.entries()) {
        const other = more.lines[index]?.amounts;
        if (!amounts || !other) continue;
        for (const which of CASES)
          assert.ok(other[which] >= amounts[which], `${spec.environment.target} ${what} ${which}`);
        assert.ok(amounts.low <= amounts.expected && amounts.expected <= amounts.high, what);
        assert.ok(
          CASES.every((which) => Number.isSafeInteger(amounts[which])),
          what,
        );
      }
    }),
    { numRuns: 200 },
  );
});

test("models are told apart from the platform, by the first target, and unknown where a model has no price", () => {
  const [estimate] = estimateCost(specOf(generator, "production"), [100_000], pricing).estimates;
  // 1,500 tokens at $0.25 and 400 at $2 a million are $0.001175 a request; 3,041,667 requests a month.
  assert.equal(dollars(estimate?.models.total.expected ?? 0), "$3,573.96");
  assert.ok(!estimate?.lines.some(({ what }) => what.startsWith("route")));
  const other = generator.replace("openai/gpt-5-mini", "openai/nobody-knows");
  const [unknown] = estimateCost(specOf(other, "production"), [100_000], pricing).estimates;
  assert.deepEqual(unknown?.models.total.unknown, ["route chat"]);
});

test("an estimate over the budget of the spec is told, models included, and one below it is not", () => {
  const over = estimateCost(specOf(generator, "production"), [100_000], pricing).estimates[0];
  assert.match(
    over?.warnings.join() ?? "",
    /Over the budget of \$2000 a month: at least \$\d+ are to be expected, models included/,
  );
  const within = estimateCost(
    specOf(generator.replace("monthly: 2000", "monthly: 200000"), "production"),
    [100_000],
    pricing,
  ).estimates[0];
  assert.deepEqual(within?.warnings, []);
});

test("traffic that no allowed number of instances can answer is told", () => {
  const [estimate] = estimateCost(small("ecs"), [1e9], pricing).estimates;
  assert.match(estimate?.warnings.join("\n") ?? "", /web may have 1 instances and needs \d+ at its busiest/);
});

test("every price says where it was read, when, and until when it holds; one that is old is told", () => {
  for (const list of Object.values(PRICES))
    for (const [name, { usd, source, date, expires, region, per }] of Object.entries(list)) {
      assert.ok(picoDollars(usd) > 0, name);
      assert.match(source, /^https:\/\//, name);
      assert.match(date, /^20\d\d-\d\d-\d\d$/, name);
      assert.ok(expires > date && region !== "" && per !== "", name);
    }
  const spec = small("ecs");
  assert.ok(!estimateCost(spec, [1000], pricing).notes.some((note) => note.includes("looked up again")));
  const later = estimateCost(spec, [1000], { ...pricing, today: "2028-01-01" });
  assert.ok(later.notes.some((note) => note.includes("amazon/fargate-cpu should have been looked up again")));
});

test("a database has the memory that its connections take, as RDS counts them", () => {
  assert.deepEqual(CASES.map(postgresMemory(200)), [2, 2, 4]);
  assert.deepEqual(CASES.map(postgresMemory(250)), [2, 4, 8]);
  assert.equal(postgresMemory(5000)("expected"), 48);
});
