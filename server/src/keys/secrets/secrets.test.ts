import assert from "node:assert/strict";
import { createHash, createHmac, generateKeyPairSync, verify } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { parseReference } from "@slipway/contracts/spec/secret-reference.ts";
import { createSecrets } from "./secrets.ts";
import { type CloudReply, type CloudRequest, fakeCloud } from "./testing.ts";

const SECRET = "s3cret-value-nobody-may-see";
type Environment = Readonly<Record<string, string>>;

function open(reply: (request: CloudRequest) => CloudReply | undefined, environment: Environment = {}, ttlMs = 60_000) {
  const cloud = fakeCloud(reply);
  const secrets = createSecrets({ egress: cloud.egress, environment, ttlMs });
  return { cloud, secrets, read: (text: string) => secrets.read(parseReference(text)) };
}

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "slipway-secrets-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

const inHours = (): string => new Date(Date.now() + 3_600_000).toISOString();

test("a variable and a file are read, without the line break at a file's end", async (t) => {
  const path = join(await folder(t), "key");
  await writeFile(path, `${SECRET}\n`);
  const { read } = open(() => undefined, { MY_KEY: SECRET, EMPTY: "" });
  assert.equal(await read("env:MY_KEY"), SECRET);
  assert.equal(await read(`file:${path}`), SECRET);
  await assert.rejects(read("env:OTHER"), { code: "secret_unavailable" });
  await assert.rejects(read("env:EMPTY"), { code: "secret_unavailable" });
  await assert.rejects(read(`file:${path}.not`), { code: "secret_unavailable", message: /no such file/ });
  await writeFile(path, "x".repeat(70_000));
  await assert.rejects(open(() => undefined).read(`file:${path}`), { code: "secret_unavailable" });
});

test("Google: as the machine's account, its token kept", async () => {
  const { cloud, read } = open(({ url, headers }) => {
    if (url === "http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token")
      return headers["metadata-flavor"] === "Google"
        ? { access_token: "ya29", expires_in: 3599, token_type: "Bearer" }
        : 403;
    if (headers["authorization"] !== "Bearer ya29") return 401;
    if (url === "https://secretmanager.googleapis.com/v1/projects/p/secrets/s/versions/latest:access")
      return {
        name: "projects/1/secrets/s/versions/3",
        payload: { data: Buffer.from(SECRET).toString("base64"), dataCrc32c: "1" },
      };
    if (url === "https://secretmanager.googleapis.com/v1/projects/p/secrets/j/versions/2:access")
      return { payload: { data: Buffer.from(JSON.stringify({ key: SECRET })).toString("base64") } };
    return 404;
  });
  assert.equal(await read("gcp-sm://projects/p/secrets/s/versions/latest"), SECRET);
  assert.equal(await read("gcp-sm://projects/p/secrets/j/versions/2#key"), SECRET);
  await assert.rejects(read("gcp-sm://projects/p/secrets/j/versions/2#other"), { code: "secret_unavailable" });
  await assert.rejects(read("gcp-sm://projects/p/secrets/none/versions/1"), {
    code: "secret_unavailable",
    message: /404/,
  });
  assert.equal(cloud.requests.filter(({ url }) => url.endsWith("/token")).length, 1);
});

test("Google: as the service account of a file, by a claim that it signed", async (t) => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const file = join(await folder(t), "account.json");
  const account = {
    type: "service_account",
    client_email: "a@p.iam.gserviceaccount.com",
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
  };
  await writeFile(file, JSON.stringify(account));
  const { read } = open(
    ({ url, body, headers }) => {
      if (url === "https://oauth2.googleapis.com/token") {
        const form = new URLSearchParams(body);
        const [head = "", claims = "", signature = ""] = (form.get("assertion") ?? "").split(".");
        const said = JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<string, unknown>;
        const right = verify(
          "RSA-SHA256",
          Buffer.from(`${head}.${claims}`),
          publicKey,
          Buffer.from(signature, "base64url"),
        );
        if (!right || said["iss"] !== account.client_email || said["aud"] !== url) return 400;
        return form.get("grant_type") === "urn:ietf:params:oauth:grant-type:jwt-bearer"
          ? { access_token: "t", expires_in: 3600 }
          : 400;
      }
      return headers["authorization"] === "Bearer t"
        ? { payload: { data: Buffer.from(SECRET).toString("base64") } }
        : 401;
    },
    { GOOGLE_APPLICATION_CREDENTIALS: file },
  );
  assert.equal(await read("gcp-sm://projects/p/secrets/s/versions/1"), SECRET);
});

const KEYS = {
  AccessKeyId: "AKIDEXAMPLE",
  SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  Token: "session",
};

/** Signature version 4 worked out a second time, as AWS documents it (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html). */
function isSigned({ url, headers, body }: CloudRequest, region: string): boolean {
  const parts =
    /Credential=AKIDEXAMPLE\/(\d{8})\/([^/]+)\/secretsmanager\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})/.exec(
      headers["authorization"] ?? "",
    );
  if (!parts || parts[2] !== region) return false;
  const [, day = "", , names = "", signature] = parts;
  const { host, pathname } = new URL(url);
  const lines = names.split(";").map((name) => `${name}:${name === "host" ? host : (headers[name] ?? "")}\n`);
  const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");
  const canonical = ["POST", pathname, "", lines.join(""), names, hashOf(body)].join("\n");
  const toSign = [
    "AWS4-HMAC-SHA256",
    headers["x-amz-date"],
    `${day}/${region}/secretsmanager/aws4_request`,
    hashOf(canonical),
  ].join("\n");
  const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
  const key = ["secretsmanager", "aws4_request"].reduce(hmac, hmac(hmac(`AWS4${KEYS.SecretAccessKey}`, day), region));
  return (
    hmac(key, toSign).toString("hex") === signature &&
    ["host", "x-amz-date"].every((name) => names.split(";").includes(name))
  );
}

function secretsManager(request: CloudRequest): CloudReply | undefined {
  const region = /^https:\/\/secretsmanager\.([^.]+)\.amazonaws\.com\/$/.exec(request.url)?.[1];
  if (region === undefined) return undefined;
  if (!isSigned(request, region) || request.headers["x-amz-target"] !== "secretsmanager.GetSecretValue") return 403;
  const { SecretId: id } = JSON.parse(request.body) as { SecretId: string };
  return id === "prod/openai" ? { Name: id, SecretString: JSON.stringify({ key: SECRET }), VersionId: "v" } : 400;
}

const AWS_PLACES: Readonly<
  Record<
    string,
    { readonly environment: Environment; readonly reply: (request: CloudRequest) => CloudReply | undefined }
  >
> = {
  "keys in the environment": {
    environment: { AWS_ACCESS_KEY_ID: KEYS.AccessKeyId, AWS_SECRET_ACCESS_KEY: KEYS.SecretAccessKey },
    reply: () => undefined,
  },
  "an ECS task": {
    environment: { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials/x" },
    reply: ({ url }) =>
      url === "http://169.254.170.2/v2/credentials/x" ? { ...KEYS, Expiration: inHours() } : undefined,
  },
  "an EKS pod": {
    environment: {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials",
      AWS_CONTAINER_AUTHORIZATION_TOKEN: "pod",
    },
    reply: ({ url, headers }) =>
      url === "http://169.254.170.23/v1/credentials" && headers["authorization"] === "pod"
        ? { ...KEYS, Expiration: inHours() }
        : undefined,
  },
  "a machine": {
    environment: {},
    reply({ url, method, headers }) {
      if (url === "http://169.254.169.254/latest/api/token")
        return method === "PUT" && headers["x-aws-ec2-metadata-token-ttl-seconds"] ? "session-token" : 405;
      if (headers["x-aws-ec2-metadata-token"] !== "session-token") return 401;
      const roles = "http://169.254.169.254/latest/meta-data/iam/security-credentials/";
      if (url === roles) return "the-role";
      return url === `${roles}the-role` ? JSON.stringify({ Code: "Success", ...KEYS, Expiration: inHours() }) : 404;
    },
  },
};

for (const [place, { environment, reply }] of Object.entries(AWS_PLACES)) {
  test(`AWS: by the credentials of ${place}, with a right signature`, async () => {
    const { read } = open((request) => secretsManager(request) ?? reply(request), environment);
    assert.equal(await read("aws-sm://eu-central-1/prod/openai#key"), SECRET);
    await assert.rejects(read("aws-sm://eu-central-1/other"), { code: "secret_unavailable", message: /400/ });
    await assert.rejects(read("aws-sm://prod/openai"), { code: "secret_unavailable", message: /region/ });
  });
}

test("AWS: by a web identity, in the region of the environment; control: another secret key is refused", async (t) => {
  const file = join(await folder(t), "token");
  await writeFile(file, "jwt\n");
  const environment = {
    AWS_REGION: "eu-west-1",
    AWS_ROLE_ARN: "arn:aws:iam::1:role/r",
    AWS_WEB_IDENTITY_TOKEN_FILE: file,
  };
  const withKey = (secret: string) =>
    open((request) => {
      if (request.url !== "https://sts.eu-west-1.amazonaws.com/") return secretsManager(request);
      const form = new URLSearchParams(request.body);
      if (form.get("WebIdentityToken") !== "jwt" || form.get("RoleArn") !== environment.AWS_ROLE_ARN) return 403;
      return `<AssumeRoleWithWebIdentityResponse><Credentials><SessionToken>s</SessionToken><SecretAccessKey>${secret}</SecretAccessKey><Expiration>${inHours()}</Expiration><AccessKeyId>${KEYS.AccessKeyId}</AccessKeyId></Credentials></AssumeRoleWithWebIdentityResponse>`;
    }, environment);
  assert.equal(await withKey(KEYS.SecretAccessKey).read("aws-sm://prod/openai#key"), SECRET);
  await assert.rejects(withKey("wrong").read("aws-sm://prod/openai#key"), {
    code: "secret_unavailable",
    message: /403/,
  });
});

test("Azure: as the machine, an app service, a workload and an application", async (t) => {
  const file = join(await folder(t), "token");
  await writeFile(file, "federated");
  const vault = ({ url, headers }: CloudRequest): CloudReply | undefined => {
    if (!url.startsWith("https://my-vault.vault.azure.net/")) return undefined;
    if (headers["authorization"] !== "Bearer t") return 401;
    return url === "https://my-vault.vault.azure.net/secrets/openai?api-version=7.4"
      ? { value: SECRET, id: "https://…" }
      : 404;
  };
  const places: readonly [Environment, (request: CloudRequest) => CloudReply | undefined][] = [
    [
      {},
      ({ url, headers }) =>
        url ===
          "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net" &&
        headers["metadata"] === "true"
          ? { access_token: "t", expires_in: "3599" }
          : 400,
    ],
    [
      { IDENTITY_ENDPOINT: "http://127.0.0.1:41/token", IDENTITY_HEADER: "h", AZURE_CLIENT_ID: "me" },
      ({ url, headers }) =>
        url.startsWith("http://127.0.0.1:41/token?api-version=2019-08-01&") &&
        url.endsWith("client_id=me") &&
        headers["x-identity-header"] === "h"
          ? { access_token: "t", expires_on: String(Math.floor(Date.now() / 1000) + 3600) }
          : 400,
    ],
    ...[{ AZURE_CLIENT_SECRET: "app" }, { AZURE_FEDERATED_TOKEN_FILE: file }].map(
      (proof): [Environment, (request: CloudRequest) => CloudReply | undefined] => [
        { AZURE_TENANT_ID: "ten", AZURE_CLIENT_ID: "me", ...proof },
        ({ url, body }) => {
          const form = new URLSearchParams(body);
          const proved = form.get("client_secret") === "app" || form.get("client_assertion") === "federated";
          return url === "https://login.microsoftonline.com/ten/oauth2/v2.0/token" &&
            proved &&
            form.get("scope") === "https://vault.azure.net/.default"
            ? { access_token: "t", expires_in: 3599 }
            : 400;
        },
      ],
    ),
  ];
  for (const [environment, reply] of places) {
    const { read } = open((request) => vault(request) ?? reply(request), environment);
    assert.equal(await read("azure-kv://my-vault/openai"), SECRET, JSON.stringify(environment));
  }
});

test("Vault: by a token, a token's file, and a role of the cluster's", async (t) => {
  const file = join(await folder(t), "token");
  await writeFile(file, "hvs.x\n");
  const VAULT_ADDR = "https://vault.internal:8200";
  const places: readonly Environment[] = [
    { VAULT_TOKEN: "hvs.x" },
    { VAULT_TOKEN_FILE: file },
    { VAULT_ROLE: "slipway", VAULT_JWT_FILE: file, VAULT_NAMESPACE: "team" },
  ];
  for (const place of places) {
    const { cloud, read } = open(
      ({ url, headers, body }) => {
        if (url === `${VAULT_ADDR}/v1/auth/kubernetes/login`) {
          const right =
            body === JSON.stringify({ role: "slipway", jwt: "hvs.x" }) && headers["x-vault-namespace"] === "team";
          return right ? { auth: { client_token: "hvs.x", lease_duration: 3600 } } : 403;
        }
        if (headers["x-vault-token"] !== "hvs.x") return 403;
        // https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-version
        return url === `${VAULT_ADDR}/v1/secret/data/prod/openai`
          ? { data: { data: { key: SECRET }, metadata: { version: 2 } } }
          : 404;
      },
      { VAULT_ADDR: `${VAULT_ADDR}/`, ...place },
    );
    assert.equal(await read("vault://secret/prod/openai#key"), SECRET);
    await assert.rejects(read("vault://secret/prod/openai#other"), { code: "secret_unavailable" });
    await assert.rejects(read("vault://secret/other#key"), { code: "secret_unavailable", message: /404/ });
    assert.ok(cloud.options[0]?.allow?.includes("vault.internal:8200"));
  }
});

test("a service that fails is asked three times, one that refuses once, and no error says what an answer held", async () => {
  let left = 2;
  const flaky = open(() => ((left -= 1) >= 0 ? 503 : { data: { data: { key: SECRET } } }), {
    VAULT_ADDR: "https://v",
    VAULT_TOKEN: "t",
  });
  assert.equal(await flaky.read("vault://secret/a#key"), SECRET);
  assert.equal(flaky.cloud.requests.length, 3);
  const denied = open(() => 403, { VAULT_ADDR: "https://v", VAULT_TOKEN: "t" });
  await assert.rejects(denied.read("vault://secret/a#key"), { code: "secret_unavailable" });
  assert.equal(denied.cloud.requests.length, 1);
  const odd = open(() => ({ data: { data: { other: SECRET } } }), { VAULT_ADDR: "https://v", VAULT_TOKEN: SECRET });
  const error: unknown = await odd.read("vault://secret/a#key").catch((thrown: unknown) => thrown);
  assert.ok(error instanceof Error && !JSON.stringify([error.message, error.stack, error.cause]).includes(SECRET));
});

test("what was read is believed for its time to live, and read anew when asked to", async () => {
  let value = "one";
  const reply = (): CloudReply => ({ data: { data: { key: value } } });
  const environment = { VAULT_ADDR: "https://v", VAULT_TOKEN: "t" };
  const kept = open(reply, environment);
  const reference = parseReference("vault://secret/a#key");
  assert.equal(await kept.secrets.read(reference), "one");
  value = "two";
  assert.equal(await kept.secrets.read(reference), "one");
  assert.equal(await kept.secrets.reread(reference), "two");
  assert.equal(await kept.secrets.read(reference), "two");
  const fresh = open(reply, environment, 0);
  await fresh.secrets.read(reference);
  value = "three";
  assert.equal(await fresh.secrets.read(reference), "three");
});
