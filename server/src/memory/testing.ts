import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Messages, StoredMessage } from "#store/messages.ts";
import type { StoredThread, Threads } from "#store/threads.ts";
import type { Envelopes } from "./envelopes.ts";

/** Threads and messages of tests, held in memory. `all` shows what is at rest. */
export function threadsInMemory(): { threads: Threads; messages: Messages; all: Map<string, StoredMessage[]> } {
  const threads = new Map<string, StoredThread>();
  const all = new Map<string, StoredMessage[]>();
  const key = (tenantId: string, threadId: string) => `${tenantId}/${threadId}`;
  return {
    all,
    threads: {
      create: (tenantId, { id, agent }) => {
        const thread = { id, agent, createdAt: new Date(), updatedAt: new Date() };
        threads.set(key(tenantId, id), thread);
        all.set(key(tenantId, id), []);
        return Promise.resolve(thread);
      },
      get: (tenantId, id) => Promise.resolve(threads.get(key(tenantId, id))),
      list: (tenantId, { limit, cursor }) =>
        Promise.resolve(
          [...threads]
            .filter(([name, thread]) => name.startsWith(`${tenantId}/`) && (cursor === undefined || thread.id < cursor))
            .map(([, thread]) => thread)
            .sort((a, b) => (a.id < b.id ? 1 : -1))
            .slice(0, limit),
        ),
    },
    messages: {
      append: (tenantId, threadId, messages) => {
        const held = all.get(key(tenantId, threadId));
        if (held === undefined) return Promise.reject(new SlipwayError("thread_not_found", "There is no such thread."));
        const fresh = messages.filter((message) => !held.some((other) => other.id === message.id));
        held.push(...fresh.map((message) => ({ ...message, createdAt: new Date() })));
        return Promise.resolve();
      },
      list: (tenantId, threadId, { limit, cursor }) => {
        const held = all.get(key(tenantId, threadId)) ?? [];
        return Promise.resolve(held.filter(({ id }) => cursor === undefined || id > cursor).slice(0, limit));
      },
      latest: (tenantId, threadId, { limit, bytes }) => {
        let after = 0;
        const newestFirst = (all.get(key(tenantId, threadId)) ?? []).slice(-limit).toReversed();
        const found = newestFirst.filter(({ content }) => (after += content.length) - content.length <= bytes);
        return Promise.resolve(found.toReversed());
      },
    },
  };
}

/** Envelopes of tests: AES-256-GCM under a key derived for each tenant. */
export function testEnvelopes(): Envelopes {
  const root = randomBytes(32);
  const keyOf = (tenantId: string) => new Uint8Array(hkdfSync("sha256", root, "", tenantId, 32));
  return {
    seal: (tenantId, plaintext, aad) => {
      const iv = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", keyOf(tenantId), iv).setAAD(Buffer.from(aad));
      return Promise.resolve(Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]));
    },
    open: async (tenantId, ciphertext, aad) => {
      const decipher = createDecipheriv("aes-256-gcm", keyOf(tenantId), ciphertext.subarray(0, 12));
      decipher.setAAD(Buffer.from(aad)).setAuthTag(ciphertext.subarray(-16));
      const plaintext = decipher.update(ciphertext.subarray(12, -16));
      return Promise.resolve(Buffer.concat([plaintext, decipher.final()]));
    },
  };
}
