/** A dialect as a client of its own speaks it. Another one is another line in the list. */
export interface Spoken {
  readonly name: string;
  path(model: string, stream: boolean): string;
  body(model: string, stream: boolean): object;
  /** The text of an answer, whole or streamed. */
  text(answer: string, stream: boolean): string;
  /** The code of an error that is an answer of its own. */
  code(answer: string): string | undefined;
  /** The code of an error within a stream. */
  streamCode(answer: string): string | undefined;
  /** What every failure within a stream is called, where the dialect has a list of codes of its own. */
  readonly ownStreamCode?: string;
  /** The stream says itself that it is whole. */
  whole(answer: string): boolean;
}

/** What is looked at of an event or an answer, whichever dialect it is in. */
interface Told {
  readonly type?: string;
  readonly choices?: readonly { readonly delta: { readonly content?: string } }[];
  readonly delta?: string | { readonly text?: string };
  readonly response?: { readonly error?: { readonly code: string } };
  readonly candidates?: readonly { readonly content?: { readonly parts?: readonly { readonly text?: string }[] } }[];
  readonly error?: {
    readonly code?: string | number;
    readonly details?: { readonly error_code: string } | readonly { readonly reason?: string }[];
  };
}

/** The events of a stream. */
function dataOf(answer: string): readonly Told[] {
  return answer
    .split("\n")
    .filter((line) => line.startsWith("data: {"))
    .map((line) => JSON.parse(line.slice(6)) as Told);
}

/** Our code in an error of Anthropic's shape. */
function detailOf({ error }: Told): string | undefined {
  return error?.details !== undefined && "error_code" in error.details ? error.details.error_code : undefined;
}

/** Our code in an error of Google's shape. */
function reasonOf({ error }: Told): string | undefined {
  return Array.isArray(error?.details)
    ? String((error.details[0] as { reason?: string }).reason).toLowerCase()
    : undefined;
}

/** The dialects that clients speak. */
export const DIALECTS: readonly Spoken[] = [
  {
    name: "openai-chat",
    path: () => "/v1/chat/completions",
    body: (model, stream) => ({ model, stream, messages: [{ role: "user", content: "tell a story" }] }),
    text: (answer, stream) =>
      stream
        ? dataOf(answer)
            .map(({ choices }) => choices?.[0]?.delta.content ?? "")
            .join("")
        : ((JSON.parse(answer) as { choices: { message: { content: string } }[] }).choices[0]?.message.content ?? ""),
    code: (answer) => (JSON.parse(answer) as Told).error?.code?.toString(),
    streamCode: (answer) =>
      dataOf(answer)
        .find(({ error }) => error)
        ?.error?.code?.toString(),
    whole: (answer) => answer.includes("data: [DONE]"),
  },
  {
    name: "anthropic-messages",
    path: () => "/v1/messages",
    body: (model, stream) => ({
      model,
      stream,
      max_tokens: 100,
      messages: [{ role: "user", content: "tell a story" }],
    }),
    text: (answer, stream) =>
      stream
        ? dataOf(answer)
            .map(({ delta }) => (typeof delta === "object" ? (delta.text ?? "") : ""))
            .join("")
        : (JSON.parse(answer) as { content: { text?: string }[] }).content.map(({ text }) => text ?? "").join(""),
    code: (answer) => detailOf(JSON.parse(answer) as Told),
    streamCode: (answer) =>
      dataOf(answer)
        .map(detailOf)
        .find((code) => code !== undefined),
    whole: (answer) => answer.includes("event: message_stop"),
  },
  {
    name: "openai-responses",
    path: () => "/v1/responses",
    body: (model, stream) => ({ model, stream, store: false, input: "tell a story" }),
    text: (answer, stream) =>
      stream
        ? dataOf(answer)
            .map(({ type, delta }) => (type === "response.output_text.delta" && typeof delta === "string" ? delta : ""))
            .join("")
        : (JSON.parse(answer) as { output: { content?: { text?: string }[] }[] }).output
            .flatMap(({ content }) => content?.map(({ text }) => text ?? "") ?? [])
            .join(""),
    code: (answer) => (JSON.parse(answer) as Told).error?.code?.toString(),
    streamCode: (answer) => dataOf(answer).find(({ type }) => type === "response.failed")?.response?.error?.code,
    ownStreamCode: "server_error",
    whole: (answer) => answer.includes("event: response.completed"),
  },
  {
    name: "gemini",
    path: (model, stream) => `/v1beta/models/${model}:${stream ? "streamGenerateContent?alt=sse" : "generateContent"}`,
    body: () => ({ contents: [{ role: "user", parts: [{ text: "tell a story" }] }] }),
    text: (answer, stream) =>
      (stream ? dataOf(answer) : [JSON.parse(answer) as Told])
        .map(({ candidates }) => candidates?.[0]?.content?.parts?.map(({ text }) => text ?? "").join("") ?? "")
        .join(""),
    code: (answer) => reasonOf(JSON.parse(answer) as Told),
    streamCode: (answer) =>
      dataOf(answer)
        .map(reasonOf)
        .find((code) => code !== undefined),
    whole: (answer) => answer.includes('"finishReason"'),
  },
];

/** What a client was answered. */
export interface FaultAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly text: string;
}

/** Posts a body with the server's key and waits for all of the answer, for at most `mostMs`. */
export async function postTo(
  server: { readonly url: string; readonly apiKey: string },
  path: string,
  body: object,
  mostMs: number,
): Promise<FaultAnswer> {
  const answer = await fetch(server.url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(mostMs),
  });
  return { status: answer.status, retryAfter: answer.headers.get("retry-after"), text: await answer.text() };
}
