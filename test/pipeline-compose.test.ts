import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { parse } from "yaml";
import { textOf } from "../deploy/src/testing/examples.ts";
import { renderedPipelines } from "../deploy/src/testing/pipelines.ts";
import { folderWith, runScript, standIns } from "./support/pipelines.ts";

// The pipeline's steps for Compose, run one after the other as a job runs them, with stand-ins for docker, jq and curl.

interface Job {
  readonly steps: readonly { readonly name: string; readonly run?: string }[];
}

const { jobs } = parse(
  textOf((await renderedPipelines()).get("copilot") ?? [], ".github/workflows/slipway-deploy-main.yml"),
) as { readonly jobs: Readonly<Record<string, Job>> };
const STEPS = ["Write down what runs", "Migrate", "Apply", "Verify"].map((title) => {
  const found = jobs["deploy-staging"]?.steps.find(({ name }) => name.endsWith(title));
  assert.ok(found?.run, title);
  return [title, found.run] as const;
});
const ROLL_BACK = jobs["deploy-staging"]?.steps.find(({ name }) => name === "Roll back")?.run ?? "";

/** Says which file of which release each call is about, and fails where the test says so. */
const DOCKER = `
file=; folder=; previous=
for word in "$@"; do
  case "$previous" in --file) file=$word ;; --project-directory) folder=$word ;; esac
  previous=$word
done
echo "$(cat "$file"): $*" >> "$LOG"
case "$*" in *" $FAILS "*) exit 1 ;; esac
exit 0`;

interface Machine {
  /** Deploys a release; the call of docker with this word fails. What docker was told. */
  readonly release: (name: string, fails?: string) => Promise<string>;
  readonly folder: string;
}

async function machine(t: TestContext): Promise<Machine> {
  const home = await folderWith(t, {});
  const PATH = await standIns(t, { docker: DOCKER, jq: "cat > /dev/null", curl: "exit 0" });
  const folder = join(home, ".slipway/deployments/copilot-staging");
  return {
    folder,
    release: async (name, fails = "nothing") => {
      const cwd = await folderWith(t, {
        "rendered/compose.yaml": name,
        "rendered/config/slipway.yaml": `routes of ${name}`,
        "rendered/make-secrets.sh":
          'cd "$(dirname "$0")"\nmkdir -p secrets\n[ -s secrets/A ] || printf made > secrets/A\nchmod 0444 secrets/A\n',
        log: "",
      });
      const env = { PATH, HOME: home, LOG: join(cwd, "log"), FAILS: fails, DIGEST: "sha256:new" };
      for (const [title, script] of STEPS) {
        const { code } = await runScript(script, cwd, env);
        if (code === 0) continue;
        // As the job's condition says: only a release that came to be applied is gone back from.
        if (title === "Apply" || title === "Verify")
          assert.equal((await runScript(ROLL_BACK, cwd, { ...env, FAILS: "nothing" })).code, 0);
        break;
      }
      return await readFile(env.LOG, "utf8");
    },
  };
}

test("on Compose a release that fails goes back to the one that was verified last, whatever was tried in between", async (t) => {
  const { folder, release } = await machine(t);
  assert.match(await release("one"), /one: compose .* up --detach/);
  assert.doesNotMatch(await release("two", "run"), /up --detach/, "its migration failed");
  assert.equal(
    await readFile(join(folder, "config/slipway.yaml"), "utf8"),
    "routes of one",
    "one still runs with its own",
  );
  const told = await release("three", "up");
  assert.match(told, /three: compose .* up --detach[^]*one: compose .* up --detach/);
  assert.equal(await readFile(join(folder, "compose.yaml"), "utf8"), "one");
  await release("four");
  assert.equal(await readFile(join(folder, "compose.yaml"), "utf8"), "four");
  await release("five", "ps");
  assert.equal(await readFile(join(folder, "compose.yaml"), "utf8"), "four");
});

test("on Compose a secret that was changed since the last release stays as it is when one is gone back to", async (t) => {
  const { folder, release } = await machine(t);
  await release("one");
  await mkdir(join(folder, "secrets"), { recursive: true });
  await writeFile(join(folder, "secrets/B"), "brought");
  await release("two", "up");
  assert.equal(await readFile(join(folder, "secrets/B"), "utf8"), "brought");
  assert.equal(await readFile(join(folder, "compose.yaml"), "utf8"), "one");
  // Read-only files cannot be written over by whoever is not root: a copy of them would be in the way of going back.
  await assert.rejects(readFile(join(`${folder}.verified`, "secrets/A"), "utf8"), { code: "ENOENT" });
});
