import { ApiError, errorOfResponse, unreachable } from "./api-error.ts";
import { fetchOwn } from "./own-request.ts";

/** How long a request that is no stream may take before the server counts as unreachable. */
const TIMEOUT_MS = 20_000;

/** Reads JSON from the server. Throws {@link ApiError}. */
export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return readJson<T>(await send(path, { method: "GET" }, signal));
}

/** Sends JSON and reads the answer. Throws {@link ApiError}. */
export async function postJson<T>(path: string, body: unknown): Promise<T> {
  return readJson<T>(await send(path, { method: "POST", body: JSON.stringify(body) }));
}

/**
 * Puts JSON and reads the answer; with `match` only where what is there has this entity tag. Throws {@link ApiError}, with the status 412
 * when it has another.
 */
export async function putJson<T>(path: string, body: unknown, match: string | null): Promise<T> {
  return readJson<T>(await send(path, { method: "PUT", body: JSON.stringify(body), headers: ifMatch(match) }));
}

/** Deletes what is at the path; `match` as in {@link putJson}. Throws {@link ApiError}. */
export async function deletePath(path: string, match: string | null = null): Promise<void> {
  await send(path, { method: "DELETE", headers: ifMatch(match) });
}

function ifMatch(tag: string | null): Record<string, string> {
  return tag === null ? {} : { "if-match": `"${tag}"` };
}

interface Sent {
  readonly method: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function send(path: string, init: Sent, signal?: AbortSignal): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetchOwn(path, {
      ...init,
      headers: { accept: "application/json", "content-type": "application/json", ...init.headers },
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
  } catch (error) {
    // The caller's own abort is no failure of the server.
    if (signal?.aborted) throw error;
    throw unreachable(error);
  }
  if (!response.ok) throw await errorOfResponse(response);
  return response;
}

async function readJson<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch (error) {
    throw new ApiError(
      {
        status: response.status,
        code: "unreadable_answer",
        message: "The server's answer is no JSON.",
        hint: "Something between the browser and the server may have replaced it.",
      },
      error,
    );
  }
}
