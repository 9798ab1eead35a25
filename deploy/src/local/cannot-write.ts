import { SlipwayError } from "@slipway/contracts/errors.ts";

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "this user may not",
  EEXIST: "a part of it is a file",
  EISDIR: "it is a folder",
  ENOENT: "its folder is not there",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of it is a file",
  EPERM: "this user may not",
  EROFS: "the file system is read-only",
};

/** What writing answers, or why it could not be done. Throws `usage`, which says where. */
export async function writing<Answer>(path: string, work: Promise<Answer>): Promise<Answer> {
  try {
    return await work;
  } catch (cause) {
    const code: unknown = cause instanceof Error && "syscall" in cause && "code" in cause ? cause.code : undefined;
    const reason = typeof code === "string" ? (REASONS[code] ?? code) : undefined;
    // What is no answer of the file system is a fault of ours, and keeps its stack.
    if (reason === undefined) throw cause;
    throw new SlipwayError("usage", `${path} cannot be written: ${reason}.`, {
      hint: "--out names another place; what it holds may be half of what was to be written.",
      cause,
    });
  }
}
