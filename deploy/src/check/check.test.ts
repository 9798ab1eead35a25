import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseDocument } from "yaml";
import { check } from "./check.ts";
import { applyFixes } from "./fix.ts";
import { toJson } from "./report/json.ts";
import { rulesPage } from "./report/rules-page.ts";
import { toSarif } from "./report/sarif.ts";
import { toText } from "./report/text.ts";
import { RULES } from "./rules/all.ts";
import { finalStages, readDockerfile } from "./sources/dockerfile.ts";
import type { InputFile } from "./sources/read-file.ts";
import { readCase, readFixtures, TODAY } from "./testing.ts";

const assumptions = { today: TODAY };
const CLEAN = readCase(readFileSync(join(import.meta.dirname, "__fixtures__/clean/all.txt"), "utf8"), "good").files;
const rulesOf = (files: readonly InputFile[]): readonly string[] =>
  check(files, assumptions).found.map(({ finding }) => finding.rule);

test("nothing is found in files as they should be", () => {
  const { found, files } = check(CLEAN, assumptions);
  assert.deepEqual(
    found.map(({ finding }) => `${finding.file}:${finding.line} ${finding.message}`),
    [],
  );
  assert.ok(files >= 5);
});

test("one change for the worse in those files is found", () => {
  const worse = (from: string, to: string): readonly string[] =>
    rulesOf(CLEAN.map((file) => ({ ...file, text: file.text.replace(from, to) })));
  assert.deepEqual(worse("path: /ready", "path: /health"), ["probe-same-endpoint"]);
  assert.deepEqual(
    worse(
      "  selector: { matchLabels: { app: api } }\n  template",
      "  replicas: 3\n  selector: { matchLabels: { app: api } }\n  template",
    ),
    ["autoscaled-replicas-fixed"],
  );
  assert.deepEqual(worse("USER 1000:1000", "USER root"), ["dockerfile-runs-as-root"]);
  assert.deepEqual(worse("endpoints: [{ port: http", "endpoints: [{ port: metrics"), ["service-monitor-port-unknown"]);
});

test("--fix mends what its rule can mend, keeps comments, and leaves a file that the rule is content with", () => {
  const fixtures = readFixtures();
  let edited = 0;
  for (const rule of RULES) {
    const { bad } = fixtures.get(rule.id) ?? assert.fail(rule.id);
    const commented = bad.files.map((file) => ({
      ...file,
      text: file.path.endsWith(".json") ? file.text : `${file.text}# kept\n`,
    }));
    const { found } = check(commented, assumptions, [rule]);
    const edits = found.filter(({ edit }) => edit !== undefined);
    assert.equal(edits.length > 0, rule.mends === true, `${rule.id} says whether it mends`);
    if (edits.length === 0) continue;
    const mended = commented.map((file) => {
      const { text } = applyFixes(
        file.text,
        edits.filter(({ finding }) => finding.file === file.path),
      );
      assert.ok(file.path.endsWith(".json") || text.includes("# kept"), rule.id);
      if (/\.ya?ml$/.test(file.path) && !text.includes("\n---"))
        assert.deepEqual(parseDocument(text, { logLevel: "silent" }).errors, [], rule.id);
      return { ...file, text };
    });
    const left = check(mended, assumptions, [rule]).found;
    assert.equal(left.length, found.length - edits.length, rule.id);
    assert.ok(
      left.every(({ edit }) => edit === undefined),
      rule.id,
    );
    edited += edits.length;
  }
  assert.ok(edited >= 14);
});

test("a comment switches one rule off for its line and no other", () => {
  const compose = (mark: string): readonly InputFile[] => [
    { path: "compose.yaml", text: `services:\n  a:\n    image: redis:latest${mark}\n` },
  ];
  assert.deepEqual(rulesOf(compose("")), ["image-moving-tag"]);
  assert.deepEqual(rulesOf(compose(" # slipway: ignore image-moving-tag because of a reason")), []);
  assert.deepEqual(rulesOf(compose(" # slipway: ignore image-end-of-life")), ["image-moving-tag"]);
});

test("an API is let through that the cluster's version still serves", () => {
  const files = [{ path: "a.yaml", text: "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\n" }];
  assert.equal(check(files, { ...assumptions, kubernetes: "1.24" }).found.length, 0);
  assert.equal(check(files, { ...assumptions, kubernetes: "1.25" }).found.length, 1);
});

test("a version whose end lies ahead is let through until that day", () => {
  const files = [{ path: "compose.yaml", text: "services: { a: { image: 'postgres:14.5@sha256:00' } }\n" }];
  assert.equal(check(files, { today: "2026-11-11" }).found.length, 0);
  assert.equal(check(files, { today: "2026-11-12" }).found.length, 1);
});

test("merged keys and anchors are followed, and one that leads to itself ends", () => {
  const text =
    "x-base: &base\n  privileged: true\nservices:\n  a:\n    <<: *base\n  b: &b\n    <<: *b\n    image: c:1@sha256:0\n";
  assert.deepEqual(rulesOf([{ path: "compose.yaml", text }]), ["compose-privileged"]);
});

test("hostile files are read in little time: aliases of aliases, deep nesting, long maps", () => {
  const bomb = [
    "a0: &a0 [x, x]",
    ...Array.from({ length: 40 }, (_, index) => `a${index + 1}: &a${index + 1} [*a${index}, *a${index}, *a${index}]`),
  ];
  const files = [
    { path: "bomb.yaml", text: `apiVersion: v1\nkind: ConfigMap\ndata:\n  ${bomb.join("\n  ")}\n` },
    { path: "deep.yaml", text: "[".repeat(50_000) },
    {
      path: "wide.yaml",
      text: `apiVersion: v1\nkind: ConfigMap\ndata:\n${Array.from({ length: 20_000 }, (_, index) => `  k${index}: v`).join("\n")}\n`,
    },
    { path: "deep.json", text: `${'{"a":'.repeat(30_000)}1${"}".repeat(30_000)}` },
    { path: "regex.sh", text: `pg_dump ${"a ".repeat(50_000)}\ngcloud run deploy ${"--x ".repeat(50_000)}\n` },
    { path: "Dockerfile", text: `FROM a\nRUN ${"\\\n".repeat(20_000)}` },
  ];
  const began = process.cpuUsage().user;
  check(files, assumptions);
  assert.ok(process.cpuUsage().user - began < 10_000_000);
});

test("four times the files take about four times the work, not sixteen", () => {
  const set = (copies: number): readonly InputFile[] =>
    Array.from({ length: copies }, (_, index) =>
      CLEAN.map((file) => ({ path: `${index}/${file.path}`, text: file.text.replaceAll(/\bapi\b/g, `api${index}`) })),
    ).flat();
  const cost = (copies: number): number => {
    const files = set(copies);
    const began = process.cpuUsage();
    check(files, assumptions);
    const used = process.cpuUsage(began);
    return used.user + used.system;
  };
  cost(10);
  const [few, many] = [cost(60), cost(240)];
  assert.ok(many < few * 8, `${few} µs for 60 copies, ${many} µs for 240`);
});

test("a guide's fenced blocks are checked at their lines, and Helm templates are said to be left out", () => {
  const guide =
    "# Guide\n\n```yaml\napiVersion: policy/v1beta1\nkind: PodSecurityPolicy\n```\n\n```bash\ngsutil cp a gs://b/\n```\n";
  const { found } = check([{ path: "guide.md", text: guide }], assumptions);
  assert.deepEqual(
    found.map(({ finding, edit }) => [finding.rule, finding.line, edit]),
    [
      ["kubernetes-pod-security-policy", 5, undefined],
      ["gsutil", 9, undefined],
    ],
  );
  const chart = check(
    [{ path: "templates/a.yaml", text: "kind: A\n{{- if .Values.x }}\na: {{ .Values.y }}\n{{- end }}\n" }],
    assumptions,
  );
  assert.deepEqual([chart.found.length, chart.notes.length], [0, 1]);
});

test("code about Dockerfiles is none, a whole folder brings its packages, and steps that stand alone are looked at", () => {
  assert.equal(
    check(
      [
        { path: "src/dockerfile.ts", text: "const a = 1;" },
        { path: "Dockerfile.test.ts", text: "x" },
      ],
      assumptions,
    ).files,
    0,
  );
  const dockerfile = (install: string): string =>
    `FROM node:24@sha256:0 AS build\nWORKDIR /app\nRUN ${install}\nFROM node:24@sha256:0\nCOPY --from=build /app ./\nUSER 1\nHEALTHCHECK NONE\nCMD ["node", "a"]\n`;
  assert.deepEqual(rulesOf([{ path: "Dockerfile", text: dockerfile("npm ci") }]), [
    "dockerfile-development-dependencies",
  ]);
  assert.deepEqual(rulesOf([{ path: "Dockerfile", text: dockerfile("npm ci --omit=dev") }]), []);
  assert.deepEqual(rulesOf([{ path: "-", text: "- uses: actions/checkout@main\n" }]), ["action-not-pinned"]);
});

test("a Dockerfile's stages, here-documents, continuation lines and escape directive are read", () => {
  const text =
    "# escape=`\nARG TAG=24\nFROM node:${TAG} AS Base\nRUN a `\n  # between\n  b\nFROM base\nRUN <<EOF cat\nUSER root\nEOF\nUSER 1\n";
  const dockerfile = readDockerfile("Dockerfile", text);
  assert.deepEqual(
    dockerfile.stages.map(({ base, alias, line }) => [base, alias, line]),
    [
      ["node:24", "Base", 3],
      ["base", "", 7],
    ],
  );
  assert.deepEqual(
    dockerfile.instructions.map(({ name, line }) => `${name} ${line}`),
    ["ARG 2", "FROM 3", "RUN 4", "FROM 7", "RUN 8", "USER 11"],
  );
  assert.equal(finalStages(dockerfile).length, 2);
  assert.deepEqual(dockerfile.faults, []);
});

test("JSON has one form, SARIF the structure of 2.1.0, and text says what to do with and without colour", () => {
  const findings = check(
    [{ path: "a b/compose.yaml", text: "services:\n  a:\n    image: redis:latest\n" }],
    assumptions,
  ).found.map(({ finding }) => finding);
  const json = JSON.parse(toJson(findings)) as { findings: object[] };
  assert.deepEqual(Object.keys(json), ["findings"]);
  assert.deepEqual(Object.keys(json.findings[0] ?? {}), [
    "rule",
    "severity",
    "file",
    "line",
    "message",
    "fix",
    "source",
  ]);
  const sarif = JSON.parse(toSarif(findings, RULES, "0.1.0")) as Sarif;
  assert.equal(sarif.version, "2.1.0");
  const [run] = sarif.runs;
  const [result] = run?.results ?? [];
  assert.equal(run?.tool.driver.rules[result?.ruleIndex ?? -1]?.id, result?.ruleId);
  assert.ok(["error", "warning", "note"].includes(result?.level ?? ""));
  const { artifactLocation, region } = result?.locations[0]?.physicalLocation ?? assert.fail("no place");
  assert.equal(new URL(artifactLocation.uri, "file:///x/").pathname, "/x/a%20b/compose.yaml");
  assert.equal(region.startLine, 3);
  const counted = { files: 1, notes: [], fixed: 0 };
  const [plain, coloured] = [toText(findings, counted, false), toText(findings, counted, true)];
  assert.ok(!plain.includes("\u001B") && coloured.includes("\u001B[31m"));
  assert.match(plain, /^a b\/compose\.yaml\n +3 {2}error .*image-moving-tag\n +→ Name the version/);
});

test("the reference page of the rules is that of today", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/reference/rules.md"), "utf8");
  assert.equal(page, rulesPage(), "make it again: ./slipway check-manifests --list-rules > docs/reference/rules.md");
});

interface Sarif {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly level: string;
      readonly locations: readonly {
        readonly physicalLocation: {
          readonly artifactLocation: { readonly uri: string };
          readonly region: { readonly startLine: number };
        };
      }[];
    }[];
  }[];
}
