/** The chat request that all benches send. */
export function requestBody(stream: boolean): string {
  return JSON.stringify({
    model: "gpt-4o-mini",
    messages: [
      { role: "system", content: "You are a harbour master. Answer in one sentence, in plain words." },
      { role: "user", content: "What does a gateway cost that costs less than what it forwards?" },
    ],
    temperature: 0.2,
    max_tokens: 64,
    ...(stream ? { stream: true } : {}),
  });
}
