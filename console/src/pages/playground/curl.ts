import { CHAT_PATH, chatRequest, type ChatMessage } from "#api/chat-completion.ts";

/**
 * The shell command that asks for the same answer. The key is named by the variable SLIPWAY_API_KEY and never written out: the console does
 * not have it, and a copied command ends up in chats and tickets.
 */
export function curlCommand(origin: string, model: string, messages: readonly ChatMessage[]): string {
  const body = JSON.stringify(chatRequest(model, messages), null, 2);
  return [
    `curl --no-buffer ${quote(origin + CHAT_PATH)}`,
    '--header "Authorization: Bearer $SLIPWAY_API_KEY"',
    "--header 'Content-Type: application/json'",
    `--data ${quote(body)}`,
  ].join(" \\\n  ");
}

/** One word for a POSIX shell, whatever is in it: inside single quotes only the quote itself needs care. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
