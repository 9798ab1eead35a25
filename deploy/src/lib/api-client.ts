import { SlipwayError } from "@slipway/contracts/errors.ts";

/** Where a server is and how to call it. */
export interface ApiFlags {
  readonly url?: string;
  readonly key?: string;
}

const TIMEOUT_MS = 30_000;

/** The flags that every command over the API takes. */
export const API_FLAGS = {
  url: {
    kind: "parsed",
    parse: String,
    optional: true,
    placeholder: "URL",
    brief: "The server, http://127.0.0.1:8080 unless SLIPWAY_URL says otherwise",
  },
  key: {
    kind: "parsed",
    parse: String,
    optional: true,
    placeholder: "KEY",
    brief: "An API key that may read the audit log, otherwise SLIPWAY_API_KEY",
  },
} as const;

/** Asks the server for a path below its root. Throws when it is away or says no; the body of an answer is the caller's to read. */
export async function askApi(
  flags: ApiFlags,
  path: string,
  timeoutMs: number | undefined = TIMEOUT_MS,
): Promise<Response> {
  const base = flags.url ?? process.env["SLIPWAY_URL"] ?? "http://127.0.0.1:8080";
  const key = flags.key ?? process.env["SLIPWAY_API_KEY"] ?? process.env["API_KEY"];
  if (key === undefined) {
    throw new SlipwayError("usage", "There is no API key to ask with.", { hint: "Give --key or set SLIPWAY_API_KEY." });
  }
  let answer: Response;
  try {
    answer = await fetch(new URL(path, base), {
      headers: { authorization: `Bearer ${key}` },
      ...(timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(timeoutMs) }),
    });
  } catch (error) {
    throw new SlipwayError("server_not_started", `The server at ${base} does not answer.`, {
      hint: "Start it, or say where it is with --url.",
      cause: error,
    });
  }
  if (answer.ok) return answer;
  const problem = (await answer.json().catch(() => ({}))) as { readonly detail?: unknown; readonly title?: unknown };
  const told = [problem.detail, problem.title].find((text) => typeof text === "string");
  throw new SlipwayError("forbidden", `The server said ${answer.status}${told === undefined ? "" : `: ${told}`}`, {
    hint: "The key must belong to the tenant and may read its audit log.",
  });
}
