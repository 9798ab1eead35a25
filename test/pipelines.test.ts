import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { parse, stringify } from "yaml";
import { check } from "../deploy/src/check/check.ts";
import type { RenderedFile } from "../deploy/src/render/file.ts";
import { renderedPipelines, valuesOf } from "../deploy/src/testing/pipelines.ts";
import { type CloudBuildMessages, readCloudBuildMessages } from "./support/manifests/cloud-build-messages.ts";
import { mutationsOf } from "./support/manifests/mutations.ts";
import { folderWith, run } from "./support/pipelines.ts";

// What others say of the rendered pipelines: GitHub's syntax as actionlint knows it, Cloud Build's messages, shellcheck, and our own
// check. Each is shown to be able to say no. docs/reference/validation.md lists who judges what.

const PIPELINES = await renderedPipelines();
const TODAY = "2026-11-21";
const FILES = [...PIPELINES].flatMap(([name, files]) => files.map((file) => ({ ...file, name })));
const WORKFLOWS = FILES.filter(({ path }) => path.startsWith(".github/workflows/"));
const BUILDS = FILES.filter(({ path }) => /^cloudbuild\/[\w-]+\.yaml$/.test(path));
const TRIGGERS = FILES.filter(({ path }) => path.startsWith("cloudbuild/triggers/"));
const SCRIPTS = FILES.filter(({ path }) => path.endsWith(".sh"));

/** The path of a program that `./slipway test` sets up. Without it there is nothing to say, and the caller leaves. */
function program(t: TestContext, variable: "SHELLCHECK_PATH"): string | undefined {
  const path = process.env[variable];
  if (!path) t.skip(`requires shellcheck: ./slipway test sets it up, or set ${variable}`);
  return path || undefined;
}

/** actionlint comes by Go, which not every machine has. */
function actionlint(t: TestContext): string | undefined {
  const path = process.env["ACTIONLINT_PATH"];
  if (!path) t.skip("there is no actionlint here: install Go and ./slipway test brings it, or set ACTIONLINT_PATH");
  return path || undefined;
}

interface Fault {
  readonly filepath: string;
  readonly kind: string;
  readonly message: string;
}

const CONFIG = "self-hosted-runner:\n  labels: [copilot-staging]\n";

/** What actionlint says of workflows, by the name of each; scripts in them go to shellcheck when it is there. */
async function lint(
  t: TestContext,
  path: string,
  texts: Readonly<Record<string, string>>,
  shell: string,
): Promise<ReadonlyMap<string, readonly Fault[]>> {
  const names = Object.keys(texts);
  const cwd = await folderWith(t, { ...texts, "actionlint.yaml": CONFIG });
  const { out, err } = await run(
    path,
    ["-no-color", "-shellcheck", shell, "-config-file", "actionlint.yaml", "-format", "{{json .}}", ...names],
    { cwd },
  );
  assert.equal(err, "", err);
  const faults = JSON.parse(out) as readonly Fault[];
  return new Map(names.map((name) => [name, faults.filter(({ filepath }) => filepath === name)]));
}

function rulesBroken(file: RenderedFile): readonly string[] {
  return check([file], { today: TODAY }).found.map(({ finding }) => finding.rule);
}

test("actionlint, with shellcheck over every step, finds nothing in any workflow", async (t) => {
  const path = actionlint(t);
  if (path === undefined) return;
  const texts = Object.fromEntries(WORKFLOWS.map(({ text }, index) => [`${index}.yml`, text]));
  const said = await lint(t, path, texts, process.env["SHELLCHECK_PATH"] ?? "");
  assert.ok(said.size >= 17, String(said.size));
  for (const [name, faults] of said)
    assert.deepEqual(
      faults,
      [],
      `${WORKFLOWS[Number.parseInt(name, 10)]?.name ?? ""} ${WORKFLOWS[Number.parseInt(name, 10)]?.path ?? ""}`,
    );
});

/** Workflows that each slip is made in: all would take a minute. */
const EACH = 2;

/** Slips of the hand in a workflow, each of which must be noticed wherever it can be made. */
const SLIPS: readonly (readonly [from: RegExp | string, to: string])[] = [
  ["runs-on:", "run-on:"],
  ["runs-on: ubuntu-24.04", "runs-on: ubuntu-20.04"],
  ["steps.push.outputs.digest", "steps.pushed.outputs.digest"],
  ["needs.build.outputs.digest", "needs.build.outputs.digests"],
  ["- build\n", "- built\n"],
  ["id-token: write", "id-token: writes"],
  ["id-token: write", "id-tokens: write"],
  ["permissions: {}", "permissions: write-all"],
  [/(uses: actions\/checkout)@[0-9a-f]{40} # v[\d.]+/, "$1@v7"],
  [/(uses: actions\/checkout)@([0-9a-f]{39})[0-9a-f] /, "$1@$2 "],
  [/(uses: [\w-]+\/auth)@[0-9a-f]{40} # v[\d.]+/, "$1@main"],
  [/^ {4}environment: \w+\n/m, ""],
  [/^( {4})?concurrency:\n +group: deploy.*\n +cancel-in-progress: false\n/gm, ""],
  [/^ {6}if: \(failure.*\n/m, ""],
  ["(failure() || cancelled())", "(failed() || cancelled())"],
  ["steps.apply.outcome)", "steps.apply.outcome"],
  ["timeout-minutes: 30", "timeout-minutes: soon"],
  ["with:\n", "wiht:\n"],
  ["on:\n", "onn:\n"],
  ["  push:\n", "  pushed:\n"],
  ["id: plan\n", "id: sum\n"],
  ["workload_identity_provider: ", "credentials_json: ${{ secrets.KEY }}\n        workload_identity_provider: "],
  ["role-to-assume: ", "aws-secret-access-key: ${{ secrets.KEY }}\n        role-to-assume: "],
  ['--build-arg "SLIPWAY_RELEASE=$COMMIT"', '--build-arg "NPM_TOKEN=$NPM_TOKEN"'],
  ['-z "$', "-z $"],
  ["          exit 1\n        fi\n", "          exit 1\n"],
  ['"$IMAGE:$COMMIT" |', "$IMAGE:$COMMIT |"],
  ["  build:\n    name:", "  build:\n    env: {}\n    env: {}\n    name:"],
  ["    steps:\n", "   steps:\n"],
  ["github.sha }}", "github.sha }"],
  ["${{ github.token }}", "ghp_0123456789abcdefghijABCDEFGHIJ012345"],
  // Not noticed: nobody reads the images of `docker run`.
  [/(\/syft)(:[^@\s]+)?@sha256:[0-9a-f]{64}/, "$1:latest"],
];

test("a slip of the hand in a workflow is noticed by actionlint, shellcheck or our own check: at least 95 of 100", async (t) => {
  const path = actionlint(t);
  const shell = path === undefined ? undefined : program(t, "SHELLCHECK_PATH");
  if (path === undefined || shell === undefined) return;
  const tried: { readonly what: string; readonly file: RenderedFile }[] = [];
  for (const [from, to] of SLIPS) {
    const broken = WORKFLOWS.map((file) => ({ ...file, text: file.text.replace(from, to) }));
    const changed = broken.filter(({ text }, index) => text !== WORKFLOWS[index]?.text).slice(0, EACH);
    for (const { name, path: at, text } of changed)
      tried.push({ what: `${name} ${at}: ${String(from)} → ${to}`, file: { path: at, text } });
  }
  const said = await lint(
    t,
    path,
    Object.fromEntries(tried.map(({ file }, index) => [`${index}.yml`, file.text])),
    shell,
  );
  const missed = tried.filter(
    ({ file }, index) => said.get(`${index}.yml`)?.length === 0 && rulesBroken(file).length === 0,
  );
  t.diagnostic(`${tried.length - missed.length} of ${tried.length} slips noticed`);
  for (const { what } of missed) t.diagnostic(`not noticed: ${what}`);
  assert.ok(tried.length > 55, String(tried.length));
  assert.ok(missed.length <= tried.length * 0.05, missed.map(({ what }) => what).join("\n"));
  // Each slip was possible somewhere, and each of them is noticed somewhere.
  for (const [from] of SLIPS)
    assert.ok(
      tried.some(({ what }) => what.includes(String(from))),
      String(from),
    );
});

test("every build and trigger of Cloud Build is one of its messages, and broken ones are noticed: at least 95 of 100", async (t) => {
  const messages = await readCloudBuildMessages();
  const kinds = [
    ["Build", BUILDS],
    ["BuildTrigger", TRIGGERS],
  ] as const;
  const missed: string[] = [];
  let tried = 0;
  for (const [kind, files] of kinds) {
    assert.ok(files.length >= 3, kind);
    const before = tried - missed.length;
    for (const { path, text } of files) {
      const value = parse(text) as Readonly<Record<string, unknown>>;
      assert.deepEqual(messages(kind, value), [], path);
      for (const { what, object } of [...mutationsOf(value), ...slips(value)]) {
        tried += 1;
        if (!noticed(messages, kind, path, object)) missed.push(`${path}: ${what}`);
      }
    }
    assert.ok(tried - missed.length - before >= 5 * files.length, kind);
  }
  t.diagnostic(`${tried - missed.length} of ${tried} breakages noticed`);
  assert.ok(missed.length <= tried * 0.05, missed.join("\n"));
});

/** What a person does to a build by hand, beside what `mutationsOf` does to anything. */
function slips(
  value: Readonly<Record<string, unknown>>,
): readonly { readonly what: string; readonly object: Readonly<Record<string, unknown>> }[] {
  const { serviceAccount: _account, ...without } = value;
  const text = stringify(value, { lineWidth: 0 });
  const made = [
    ["no account of its own", "steps" in value ? stringify(without, { lineWidth: 0 }) : text],
    ["an image by a moving tag", text.replace(/(anchore\/grype):\S+/, "$1:latest")],
    [
      "a substitution that nobody sets",
      !("steps" in value)
        ? text
        : text
            .replace(/^substitutions:\n(?: {2}.*\n)+/m, "")
            .replace(/"sbom:sbom.spdx.json"|sbom:sbom.spdx.json/, "sbom:$_SBOM"),
    ],
    ["a logging that is none", text.replace("CLOUD_LOGGING_ONLY", "CLOUD_LOGGING")],
    ["two ways to the build", value["filename"] === undefined ? text : `${text}gitFileSource: { path: x }\n`],
  ] as const;
  return made
    .filter(([, broken]) => broken !== text)
    .map(([what, broken]) => ({ what, object: parse(broken) as Readonly<Record<string, unknown>> }));
}

function noticed(messages: CloudBuildMessages, kind: "Build" | "BuildTrigger", path: string, object: unknown): boolean {
  return (
    messages(kind, object).length > 0 || rulesBroken({ path, text: stringify(object, { lineWidth: 0 }) }).length > 0
  );
}

test("shellcheck finds nothing in any script, and notices broken ones: at least 95 of 100", async (t) => {
  const shellcheck = program(t, "SHELLCHECK_PATH");
  if (shellcheck === undefined) return;
  const steps = BUILDS.flatMap(({ text, path }) =>
    [...valuesOf(parse(text))].flatMap(([at, value]) =>
      at.at(-1) === "script" ? [[`${path} ${at.join(".")}`, String(value)] as const] : [],
    ),
  );
  const scripts = new Map([...SCRIPTS.map(({ name, path, text }) => [`${name} ${path}`, text] as const), ...steps]);
  const texts = [...new Set(scripts.values())];
  assert.ok(texts.length >= 20, String(texts.length));
  const breakages: readonly ((text: string) => string)[] = [
    (text) => text.replace(/\nfi\n|\n {2}fi\n/, "\n"),
    (text) => text.replace(/\ndone\n/, "\n"),
    (text) => text.replace(/"\$(\w+)"/, "$$$1"),
    (text) => text.replace(/\bset -euo pipefail\n/, 'set -euo pipefail\ncd "$nowhere" && echo ${here[0]} $*\n'),
    (text) => text.replace("#!/usr/bin/env bash", "#!/usr/bin/env bahs"),
    (text) => text.replace(/'([^']*)$/, "$1"),
    (text) => text.replace(/ \]; then/, "]; then"),
  ];
  const broken = breakages.flatMap((by) =>
    texts
      .map((text) => [text, by(text)] as const)
      .flatMap(([text, made]) => (made === text ? [] : [made]))
      .slice(0, 8),
  );
  const folder = await folderWith(t, {
    ...Object.fromEntries(texts.map((text, index) => [`right-${index}.sh`, text])),
    ...Object.fromEntries(broken.map((text, index) => [`broken-${index}.sh`, text])),
  });
  const faulty = async (names: readonly string[]): Promise<ReadonlySet<string>> => {
    const { out } = await run(shellcheck, ["--format", "json", ...names], { cwd: folder });
    return new Set((JSON.parse(out) as readonly { readonly file: string }[]).map(({ file }) => file));
  };
  assert.deepEqual([...(await faulty(texts.map((_text, index) => `right-${index}.sh`)))], []);
  const found = await faulty(broken.map((_text, index) => `broken-${index}.sh`));
  t.diagnostic(`${found.size} of ${broken.length} breakages noticed`);
  const missed = broken.filter((_text, index) => !found.has(`broken-${index}.sh`));
  assert.ok(missed.length <= broken.length * 0.05, missed.slice(0, 5).join("\n=====\n"));
  assert.ok(broken.length >= 40, String(broken.length));
});
