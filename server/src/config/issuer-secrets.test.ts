import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { readSlipwayYaml } from "@slipway/contracts/spec/read-yaml.ts";
import { createLogger } from "#telemetry/logger.ts";
import { loadConfig } from "./config.ts";
import { openIssuerSecrets } from "./issuer-secrets.ts";
import { openSecrets, type OpenSecrets } from "./secrets.ts";

const SILENT = createLogger({ level: "silent", release: "test" });

/** Issuers whose clients have these secrets, opened as a start does; undefined: a public client. */
async function opened(
  clientSecrets: readonly (string | undefined)[],
  environment: Record<string, string> = {},
  given?: OpenSecrets,
) {
  const issuers = clientSecrets.map((clientSecret, at) => ({
    name: `corp-${at}`,
    issuer: "https://id.example",
    audiences: [`a${at}`],
    signIn: { clientId: "console", clientSecret },
  }));
  const { spec } = readSlipwayYaml(JSON.stringify({ identity: { issuers } }), "slipway.yaml");
  const { identity } = loadConfig(given?.environment ?? environment, "/srv/slipway", { held: given?.held });
  const found = await openIssuerSecrets(spec.identity.issuers, identity, given);
  const told = found.problems.map(({ path, message }) => `${path.join(".")} ${message}`);
  return { ...found, told, values: found.clientSecrets.map((secret) => secret?.value), identity };
}

/** Waits for a rotated secret: no event tells of it. */
async function untilIs(secret: { readonly value: string } | undefined, value: string): Promise<void> {
  const now = (): string | undefined => secret?.value;
  const end = Date.now() + 20_000;
  while (now() !== value && Date.now() < end) await new Promise((done) => setTimeout(done, 20));
  assert.equal(now(), value);
}

describe("secrets of issuers' clients", () => {
  let folder: string;
  let file: string;
  let remote = "remote-one";
  const vault = createServer((request, response) => {
    const right = request.headers["x-vault-token"] === "token" && request.url === "/v1/kv/data/corp";
    response.writeHead(right ? 200 : 403, { "content-type": "application/json" });
    response.end(right ? JSON.stringify({ data: { data: { secret: remote }, metadata: {} } }) : "{}");
  });
  let environment: Record<string, string>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "slipway-issuer-secrets-"));
    file = join(folder, "corp");
    await writeFile(file, "file-one\n");
    await new Promise<void>((done) => vault.listen(0, "127.0.0.1", done));
    const address = `http://127.0.0.1:${(vault.address() as AddressInfo).port}`;
    environment = { VAULT_ADDR: address, VAULT_TOKEN: "token", SECRETS_TTL_SECONDS: "1", PLAIN: " plain-one " };
  });
  after(async () => {
    vault.closeAllConnections();
    vault.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("each reference is read from where it leads, and a variable that leads on is followed", async () => {
    const references = ["env:PLAIN", `file:${file}`, "vault://kv/corp#secret", "env:MOUNTED", undefined];
    const { values, told, secrets } = await opened(references, { ...environment, MOUNTED: `file:${file}` });
    assert.deepEqual(told, []);
    assert.deepEqual(values, ["plain-one", "file-one", "remote-one", "file-one", undefined]);
    secrets?.close();
    const plain = await opened(["env:PLAIN", undefined], environment);
    assert.equal(plain.secrets, undefined, "nothing is made for those that need nothing");
  });

  test("what leads nowhere or cannot be read is told with its place, and never what it is", async () => {
    const references = ["env:NOT_SET", "file:/not/there", `file:${folder}`, "vault://kv/other#secret", "env:ODD"];
    const { told, secrets, values } = await opened([...references, `file:${file}`], {
      ...environment,
      ODD: "vault://hush-hush",
    });
    secrets?.close();
    const at = (index: number): string | undefined => told.find((line) => line.startsWith(`issuers.${index}.`));
    assert.match(at(0) ?? "", /^issuers\.0\.signIn\.clientSecret leads nowhere: the variable NOT_SET is not set$/);
    assert.match(at(1) ?? "", /cannot be read: file:\/not\/there: there is no such file/);
    assert.match(at(2) ?? "", /cannot be read: .*the file cannot be read/);
    assert.match(at(3) ?? "", /cannot be read: .*answered with 403/);
    assert.match(at(4) ?? "", /leads to the variable ODD, which is no reference/);
    assert.equal(at(5), undefined, "control: one that is right is not among them");
    assert.equal(values[5], "file-one");
    assert.ok(!told.join().includes("hush-hush"));
  });

  test("another value is in force without a restart: a file's at once, a remote one within its time to live", async () => {
    const own = join(folder, "own");
    await writeFile(own, "own-one");
    const variables = { ...environment, OIDC_ISSUER: "https://sso.example", OIDC_CLIENT_ID: "x" };
    const given = await openSecrets({ ...variables, OIDC_CLIENT_SECRET: `file:${own}` });
    const references = [`file:${file}`, "vault://kv/corp#secret", "env:OIDC_CLIENT_SECRET", "env:PLAIN"];
    const { clientSecrets, identity, told, secrets } = await opened(references, {}, given);
    assert.deepEqual(told, []);
    assert.equal(secrets, given, "one of them reads for all");
    const ofVariable = identity.issuers.find(({ name }) => name === "oidc")?.signIn?.clientSecret;
    assert.deepEqual([ofVariable?.value, clientSecrets[2]?.value], ["own-one", "own-one"]);
    const changes: (readonly [string, boolean])[] = [];
    given.follow(SILENT, (setting, _value, live) => void changes.push([setting, live]));
    await writeFile(file, "file-two");
    await writeFile(own, "own-two");
    remote = "remote-two";
    await untilIs(clientSecrets[0], "file-two");
    await untilIs(clientSecrets[1], "remote-two");
    await untilIs(clientSecrets[2], "own-two");
    assert.equal(ofVariable?.value, "own-two");
    assert.equal(clientSecrets[3]?.value, "plain-one", "control: what nobody rotated");
    assert.deepEqual(
      changes.sort(([a], [b]) => (a < b ? -1 : 1)),
      [
        ["OIDC_CLIENT_SECRET", true],
        ["the client secret of the issuer corp-0", true],
        ["the client secret of the issuer corp-1", true],
      ],
      "each is told once, and as in force",
    );
    given.close();
  });
});
