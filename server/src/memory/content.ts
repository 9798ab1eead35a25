import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Message, Part } from "@slipway/contracts/model/request.ts";
import type { StoredMessage } from "#store/messages.ts";
import { nameOf, type Envelopes } from "./envelopes.ts";

/** A message that a thread may hold: instructions belong to the agent and are never stored. */
export type ConversationMessage = Message & { readonly role: StoredMessage["role"] };

const VERSION = 1;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

// The role is bound too: whoever can write to the database must not be able to turn a tool's words into the user's.
function bound(tenantId: string, threadId: string, message: { readonly id: string; readonly role: string }): string {
  return nameOf("message", tenantId, threadId, message.id, message.role);
}

/** The content encrypted, bound to its tenant, thread, message and role. */
export async function sealContent(
  envelopes: Envelopes,
  tenantId: string,
  threadId: string,
  message: { readonly id: string; readonly role: StoredMessage["role"]; readonly content: readonly Part[] },
): Promise<Uint8Array> {
  const plaintext = encoder.encode(JSON.stringify({ version: VERSION, content: message.content }));
  return envelopes.seal(tenantId, plaintext, bound(tenantId, threadId, message));
}

/** The content of a stored message. Throws `internal` when it was written by a newer version. */
export async function openContent(
  envelopes: Envelopes,
  tenantId: string,
  threadId: string,
  message: StoredMessage,
): Promise<readonly Part[]> {
  const plaintext = await envelopes.open(tenantId, message.content, bound(tenantId, threadId, message));
  const stored = JSON.parse(decoder.decode(plaintext)) as {
    readonly version: number;
    readonly content: readonly Part[];
  };
  if (stored.version !== VERSION) {
    throw new SlipwayError("internal", `Message ${message.id} was written by a newer version of this server.`, {
      hint: "Run the newest version on every replica.",
    });
  }
  return stored.content;
}
