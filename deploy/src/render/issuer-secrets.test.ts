import assert from "node:assert/strict";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { exampleText, renderText } from "../testing/examples.ts";

const VARIABLE = "ISSUER_CORP_SSO_CLIENT_SECRET";

/** An example's text with an issuer whose client has its secret there. */
async function withIssuer(system: string, reference: string): Promise<string> {
  const issuer = { name: "corp-sso", issuer: "https://id.example", audiences: ["slipway"] };
  const signIn = { clientId: "console", clientSecret: reference };
  return `${await exampleText(system)}\nidentity: ${JSON.stringify({ issuers: [{ ...issuer, signIn }] })}\n`;
}

/** Everything that is rendered of it. */
async function rendered(system: string, reference: string, environment: string): Promise<string> {
  const files = await renderText(await withIssuer(system, reference), environment);
  return files.map(({ path, text }) => `--- ${path}\n${text}`).join("\n");
}

async function refusal(system: string, reference: string, environment: string): Promise<string> {
  try {
    await rendered(system, reference, environment);
  } catch (error) {
    assert.ok(error instanceof SlipwayError);
    return error.message;
  }
  return "";
}

const GCP = "gcp-sm://projects/acme-generator/secrets/corp/versions/1";
const AWS = "aws-sm://eu-central-1/copilot/corp#client";

test("an issuer's secret is handed over on every platform as other secrets are, and the server reads it from a variable", async () => {
  const cases = [
    // Compose: a file, which somebody brings, and the reference to it.
    ["agent-generator", GCP, "development", [`${VARIABLE}: file:/run/secrets/${VARIABLE}`, `[ -s ${VARIABLE} ] ||`]],
    // External Secrets fetches it; the pods get what it makes.
    ["agent-generator", GCP, "production", [`secretKey: ${VARIABLE}`]],
    // Cloud Run mounts it, and the account of the service may read it.
    [
      "atp",
      "gcp-sm://projects/atp/secrets/corp/versions/1",
      "global",
      [`name: ${VARIABLE}`, "gcloud secrets add-iam-policy-binding corp"],
    ],
    // A field is the server's to read: the variable says where.
    [
      "atp",
      "gcp-sm://projects/atp/secrets/corp/versions/1#client",
      "global",
      ["value: gcp-sm://projects/atp/secrets/corp/versions/1#client", "gcloud secrets add-iam-policy-binding corp"],
    ],
    // A function reads it by itself, and its role may; a task is given it.
    ["copilot", AWS, "prod", [`${VARIABLE}: ${AWS}`, "secret:copilot/corp-??????"]],
    ["copilot", AWS, "containers", [`Name: ${VARIABLE}`, "secret:copilot/corp-??????"]],
    // Railway asks a person for it.
    ["copilot", AWS, "railway", [VARIABLE]],
  ] as const;
  for (const [system, reference, environment, parts] of cases) {
    const text = await rendered(system, reference, environment);
    const where = `${system} ${environment}`;
    for (const part of parts) assert.ok(text.includes(part), `${where}: ${part}`);
    assert.ok(
      text.includes(`clientSecret: env:${VARIABLE}`) || text.includes(`clientSecret: "env:${VARIABLE}"`),
      where,
    );
    const without = await rendered(system, "env:CORP_SECRET", environment);
    assert.ok(!without.includes(VARIABLE), `control, ${where}: a variable stays the one that the file names`);
  }
});

test("one that a platform cannot hand over is refused with its place", async () => {
  const at = /`identity\.issuers\[0\]\.signIn\.clientSecret` /;
  assert.match(await refusal("agent-generator", "vault://kv/corp#client", "production"), at);
  assert.match(await refusal("agent-generator", "vault://kv/corp#client", "production"), /must lie in gcp-sm, aws-sm/);
  assert.match(await refusal("atp", AWS, "global"), /clientSecret` must lie in gcp-sm for cloud-run/);
  assert.match(await refusal("copilot", GCP, "prod"), new RegExp(`The secret ${VARIABLE} lies in gcp-sm`));
  const arn = "aws-sm://arn:aws:secretsmanager:eu-central-1:123456789012:secret:corp-AbCdEf";
  assert.match(await refusal("copilot", arn, "prod"), /clientSecret` cannot be handed to what is rendered/);
  const twice = (await withIssuer("copilot", AWS)).replace("secrets:\n", `secrets:\n  ${VARIABLE}: ${AWS}\n`);
  await assert.rejects(renderText(twice, "prod"), /is the variable that an issuer's client secret is handed over in/);
  assert.equal(await refusal("copilot", AWS, "prod"), "", "control");
});
