/** What a person needs to know when the server runs. */
export interface Running {
  readonly url: string;
  readonly apiKey: string;
  readonly consoleUrl: string;
  /** Where the key can be read again, for people; undefined when it was given by a variable. */
  readonly keyFile: string | undefined;
  readonly home: string;
  readonly offered: Offered;
}

/** What the server offers to clients. */
export interface Offered {
  /** True when the deterministic mock answers instead of a model. */
  readonly mock: boolean;
  /** Names for the `model` of a request: agents as `agent/<name>`, then models. */
  readonly models: readonly string[];
}

/** The text that `slipway up` prints when the server is ready. */
export function announcement(running: Running): string {
  const { url, apiKey, consoleUrl, keyFile, home, offered } = running;
  const agents = offered.models.filter(isAgent);
  return [
    "",
    "Slipway is running.",
    "",
    `  Address  ${url}`,
    `  Console  ${consoleUrl}  (sign in with the API key)`,
    `  API key  ${apiKey}  (${keyFile === undefined ? "from API_KEY" : `kept in ${keyFile}`})`,
    `  Models   ${modelsLine(offered)}`,
    ...(agents.length > 0 ? [`  Agents   ${agents.join(", ")}`] : []),
    "",
    "Try it:",
    "",
    `  ${curlLine(url, apiKey, exampleModel(offered))}`,
    "",
    `Ctrl-C stops it; running requests may finish. The data stays in ${home}.`,
    "",
    "",
  ].join("\n");
}

function modelsLine({ mock, models }: Offered): string {
  if (mock)
    return "a MOCK answers, made up and always the same. For a model set OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY";
  const names = models.filter((name) => !isAgent(name));
  if (names.length === 0) return "none: no provider is configured, or none answered";
  return names.length > 4
    ? `${names.slice(0, 4).join(", ")} and ${names.length - 4} more (GET /v1/models)`
    : names.join(", ");
}

/** With a mock any model will do; otherwise an agent is certain to name one that its provider has for chats. */
function exampleModel({ mock, models }: Offered): string {
  const names = mock ? models.filter((name) => !isAgent(name)) : models;
  return names[0] ?? models[0] ?? "mock-1";
}

function isAgent(name: string): boolean {
  return name.startsWith("agent/");
}

/** A line to paste into a POSIX shell. */
function curlLine(url: string, apiKey: string, model: string): string {
  const body = JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }] });
  return `curl ${url}/v1/chat/completions -H ${quoted(`authorization: Bearer ${apiKey}`)} -H 'content-type: application/json' -d ${quoted(body)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
