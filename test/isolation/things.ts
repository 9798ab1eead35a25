import { randomBytes } from "node:crypto";
import type { Run } from "@slipway/contracts/api/agents.ts";

/** Sends one request and answers status and body. */
export type Send = (
  method: string,
  path: string,
  options?: {
    readonly key?: string | undefined;
    readonly body?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
  },
) => Promise<Reply>;

/** The headers by which a browser's page sends requests of a session: its cookie, its origin and the CSRF token. */
export interface SignedIn {
  readonly cookie: string;
  readonly origin: string;
  readonly "x-csrf-token": string;
}

export interface Reply {
  readonly status: number;
  readonly text: string;
}

/** The word that stands in every content of the other tenant. */
export const SECRET = "zanzibar-of-the-other-tenant";

export async function made<Body>(reply: Promise<Reply>): Promise<Body> {
  const { status, text } = await reply;
  if (status >= 300) throw new Error(`what the matrix needs could not be made: ${status} ${text}`);
  return JSON.parse(text) as Body;
}

/** Makes one thing of a kind as this caller and answers its id. */
type Maker = (send: Send, key: string, word: string) => Promise<string>;

// The tenant's own agent, made where it is not there: a tenant has so many and no more.
const agent: Maker = async (send, key, word) => {
  const name = word === SECRET ? "desk-of-the-other-tenant" : "own-desk";
  const { status, text } = await send("POST", "/api/v1/agents", {
    key,
    body: { name, description: word, instructions: `Say ${word}.` },
  });
  if (status !== 201 && status !== 409) throw new Error(`no agent could be made: ${status} ${text}`);
  return name;
};

const run = (send: Send, key: string, word: string): Promise<Run> =>
  made<Run>(send("POST", "/api/v1/agents/concierge/runs", { key, body: { input: `say ${word}` } }));

const idOf = async (reply: Promise<Reply>): Promise<string> => (await made<{ id: string }>(reply)).id;

/**
 * How a thing of each kind is made, by the API itself. A route that names a kind which is not here turns the matrix red: a new kind
 * of thing is added here, with the other tenant's word in it where it holds content.
 */
export const MAKERS: Readonly<Record<string, Maker>> = {
  agent,
  thread: async (send, key, word) => (await run(send, key, word)).threadId,
  run: async (send, key, word) => (await run(send, key, word)).id,
  key: (send, key, word) => idOf(send("POST", "/api/v1/api-keys", { key, body: { name: word, role: "viewer" } })),
  user: (send, key, word) => {
    const email = `${randomBytes(6).toString("hex")}@${word}.example`;
    return idOf(send("POST", "/api/v1/users", { key, body: { email, name: word, role: "viewer" } }));
  },
  route: async (send, key, word) => {
    const name = `r-${randomBytes(6).toString("hex")}`;
    const body = { models: [`${word}-${name}`], targets: [{ target: `mock/${word}` }] };
    await made(send("PUT", `/api/v1/routes/${name}`, { key, body }));
    return name;
  },
  limit: async (send, key, word) => {
    const name = `l-${randomBytes(6).toString("hex")}`;
    await made(send("PUT", `/api/v1/limits/${name}`, { key, body: { match: { agent: word }, concurrency: 5 } }));
    return name;
  },
  "audit-record": async (send, key, word) => {
    const body = { model: "mock-1", messages: [{ role: "user", content: `say ${word}` }] };
    await made(send("POST", "/v1/chat/completions", { key, body }));
    const found = send("GET", "/api/v1/audit-records?action=model.call&limit=1", { key });
    const [record] = (await made<{ records: { id: string }[] }>(found)).records;
    if (!record) throw new Error("a model was called and no audit record tells of it");
    return record.id;
  },
  response: (send, key, word) =>
    idOf(send("POST", "/v1/responses", { key, body: { model: "mock-1", input: `say ${word}`, store: true } })),
  response_item: async (send, key, word) => {
    const body = { model: "mock-1", input: `say ${word}`, store: true };
    const { output } = await made<{ output: { id: string }[] }>(send("POST", "/v1/responses", { key, body }));
    const [item] = output;
    if (!item) throw new Error("the response has no item");
    return item.id;
  },
};

/** What must stand beside an id of this kind, or it would name nothing. */
export const BESIDE: Readonly<Record<string, object>> = { response_item: { type: "item_reference" } };

/** What stands for a kind of thing that all tenants share. */
export const SHARED: Readonly<Record<string, string>> = {
  provider: "openai",
  model: "mock-1",
  file: "index.html",
};

/** What each tenant has of its own under a name that all share; made before a route is asked for it. */
export const OWN_OF_SHARED: Readonly<Record<string, Maker>> = {
  provider: async (send, key, word) => {
    await made(send("PUT", `/api/v1/provider-keys/${SHARED["provider"]}`, { key, body: { key: `sk-${word}` } }));
    return SHARED["provider"] ?? "";
  },
};

const chat = { model: "mock-1", messages: [{ role: "user", content: "hi" }] };
const gemini = { contents: [{ role: "user", parts: [{ text: "hi" }] }] };

/**
 * The least body of each route that has no schema here, because it is a dialect's; a thread belongs to an agent, so ids are tried with one
 * as the model where the body names it. A route without a schema and without a line here turns the matrix red.
 */
export const DIALECT_BODIES: Readonly<Record<string, unknown>> = {
  "/v1/chat/completions": { ...chat, model: "agent/concierge" },
  "/v1/messages": { ...chat, model: "agent/concierge", max_tokens: 100 },
  "/v1/messages/count_tokens": chat,
  "/v1/responses": { model: "mock-1", input: "hi", store: false },
  "/v1/responses/input_tokens": { model: "mock-1", input: "hi" },
  "/v1/responses/:id/cancel": {},
  "/v1/embeddings": { model: "mock-1", input: "hi" },
  "/v1beta/models/{model}:generateContent": gemini,
  "/v1beta/models/{model}:streamGenerateContent": gemini,
  "/v1beta/models/{model}:countTokens": gemini,
  "/v1beta/models/{model}:embedContent": { content: { parts: [{ text: "hi" }] } },
  "/v1beta/models/{model}:batchEmbedContents": {
    requests: [{ model: "models/mock-1", content: { parts: [{ text: "hi" }] } }],
  },
};

/** Where an id of this kind is only looked at beside another model than the body's own. */
export const MODEL_FOR_ID: Readonly<Record<string, string>> = {
  thread: "agent/concierge",
  response: "mock-1",
};

/** Kinds whose ids are names that each tenant chooses for itself. */
export const NAMES: ReadonlySet<string> = new Set(["route", "limit"]);

/** Fields that are called like an id and name nothing that exists: the id of what is being made. */
export const NEW_IDS: ReadonlySet<string> = new Set([
  "post /api/v1/tenants id",
  // A search of the caller's own records by what a client has made up.
  "get /api/v1/audit-records requestId",
]);
