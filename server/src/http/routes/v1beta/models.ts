import { SlipwayError } from "@slipway/contracts/errors.ts";
import { methodOf, modelName } from "#router/dialects/gemini/path.ts";
import type { OfferedModel } from "#router/model-list.ts";
import { type App, type AppContext, principalOf } from "../../app.ts";

const DEFAULT_PAGE = 50;
const MOST_A_PAGE = 1_000;

/** Models and agents that this server offers. */
export interface GeminiModelsOptions {
  readonly models: () => Promise<readonly OfferedModel[]>;
  /** Model names of the tenant's agents. */
  readonly agents: (tenantId: string) => readonly string[];
  /** The names that routes have given the tenant. */
  readonly routes: (tenantId: string) => readonly string[];
}

// Providers list names and do not all say what a model does; that of every embedding model known so far has this word in it.
const EMBEDS = /embed/;
const GENERATES = ["generateContent", "streamGenerateContent", "countTokens"];

function present(id: string): unknown {
  return {
    name: `models/${id}`,
    baseModelId: id,
    displayName: id,
    supportedGenerationMethods: EMBEDS.test(id) ? ["embedContent", "batchEmbedContents"] : GENERATES,
  };
}

function invalid(param: string, message: string): SlipwayError {
  return new SlipwayError("invalid_request", message, { param });
}

function pageSize(text: string | undefined): number {
  const size = text === undefined || text === "" ? DEFAULT_PAGE : Number(text);
  if (!Number.isSafeInteger(size) || size < 0) throw invalid("pageSize", "`pageSize` must be a whole number.");
  return size === 0 ? DEFAULT_PAGE : Math.min(size, MOST_A_PAGE);
}

// A page begins after the model that the one before ended with, whatever was added or taken away since.
function startOf(ids: readonly string[], token: string | undefined): number {
  if (token === undefined || token === "") return 0;
  const at = ids.indexOf(Buffer.from(token, "base64url").toString());
  if (at === -1) throw invalid("pageToken", "`pageToken` is not one that this server gave.");
  return at + 1;
}

// Below /v1 the list is OpenAI's too; Google's clients are known by the headers of Google's API.
function isOfGoogle(c: AppContext): boolean {
  const { headers } = c.env.incoming;
  return (
    c.env.context.path.startsWith("/v1beta/") ||
    headers["x-goog-api-key"] !== undefined ||
    headers["x-goog-api-client"] !== undefined ||
    c.req.query("key") !== undefined
  );
}

/**
 * `GET /v1beta/models` and `/v1beta/models/{model}`, and the same below `/v1` for Google's clients: agents first, then what the
 * providers offer, in Google's shape. To be registered before the lists of other dialects on the same paths.
 */
export function registerGeminiModels(app: App, options: GeminiModelsOptions): void {
  const declared = { requires: "models:read", keyParameter: "key" } as const;
  const offered = async (c: AppContext): Promise<string[]> => {
    const { tenantId } = principalOf(c);
    const agents = options.agents(tenantId);
    const models = await options.models();
    const routes = options.routes(tenantId);
    return [...new Set([...agents, ...routes, ...models.map(({ id }) => id)])];
  };
  for (const base of ["/v1beta/", "/v1/"]) {
    // Before the others: whoever asks by the wrong method is told so, with a key or without.
    app.all(`${base}models/*`, { requires: "public", ids: { "*": "model" } }, (c, next) => {
      if (methodOf(c.env.context.path) === undefined) return next();
      throw methodNotAllowed();
    });
    app.get(`${base}models`, declared, async (c, next) => {
      if (!isOfGoogle(c)) return next();
      const ids = await offered(c);
      const start = startOf(ids, c.req.query("pageToken"));
      const page = ids.slice(start, start + pageSize(c.req.query("pageSize")));
      const last = page.at(-1);
      const more = last !== undefined && start + page.length < ids.length;
      return c.json({
        models: page.map(present),
        ...(more ? { nextPageToken: Buffer.from(last).toString("base64url") } : {}),
      });
    });
    app.get(`${base}models/*`, { ...declared, ids: { "*": "model" } }, async (c, next) => {
      if (!isOfGoogle(c)) return next();
      const { path } = c.env.context;
      const name = modelName(path.slice(base.length));
      if ((await offered(c)).includes(name)) return c.json(present(name));
      throw new SlipwayError("model_not_found", `No model \`${name.slice(0, 100)}\` is offered here.`, {
        param: "model",
        hint: `GET ${base}models lists the models.`,
      });
    });
  }
}

function methodNotAllowed(): SlipwayError {
  return new SlipwayError("method_not_allowed", "This path takes POST.", { hint: "POST a request as JSON." });
}
