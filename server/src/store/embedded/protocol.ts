/** What the child says to the server that started it. */
export type ChildMessage =
  | { readonly type: "ready"; readonly socketDir: string }
  /** It ends without having opened the data. */
  | { readonly type: "refused"; readonly message: string; readonly hint: string | undefined };

/** What the server says to the child. */
export type ParentMessage = { readonly type: "stop" };
