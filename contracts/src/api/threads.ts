import { z } from "zod";

/** A conversation. */
export const threadSchema = z.object({
  id: z.string(),
  agent: z.string().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type Thread = z.infer<typeof threadSchema>;

/** Answer of `GET /api/v1/threads`: newest first; `nextCursor` is null on the last page. */
export const threadListSchema = z.object({ threads: z.array(threadSchema), nextCursor: z.string().nullable() });
export type ThreadList = z.infer<typeof threadListSchema>;

/** One message of a thread, in the words of the event model. */
export const threadMessageSchema = z.object({
  id: z.string(),
  role: z.enum(["user", "assistant", "tool"]),
  content: z.array(z.looseObject({ type: z.string() })),
  createdAt: z.string(),
});

/** Answer of `GET /api/v1/threads/<id>/messages`: oldest first. */
export const threadMessageListSchema = z.object({
  messages: z.array(threadMessageSchema),
  nextCursor: z.string().nullable(),
});
export type ThreadMessageList = z.infer<typeof threadMessageListSchema>;
