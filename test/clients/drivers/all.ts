import type { Driver, Place } from "../driver.ts";
import { anthropic } from "./anthropic.ts";
import { googleGenAi } from "./google-genai.ts";
import { openaiChat } from "./openai-chat.ts";
import { openaiResponses } from "./openai-responses.ts";
import { aiAnthropic, aiGoogle, aiOpenaiChat, aiOpenaiResponses } from "./vercel-ai.ts";

/** Every official client that speaks to this server. */
export const DRIVERS: readonly ((place: Place) => Driver)[] = [
  openaiChat,
  aiOpenaiChat,
  openaiResponses,
  aiOpenaiResponses,
  anthropic,
  aiAnthropic,
  googleGenAi,
  aiGoogle,
];
