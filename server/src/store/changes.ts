/** Told of changes of keys and routes, and of what happens to the connection that listens for them. */
export interface ChangeListener {
  /** Something may have changed: the database said so, or the connection stands again after a time without. */
  changed(): void;
  /** The connection was lost, or cannot be had; it is tried again. Told once until it stands again. */
  lost(error: Error): void;
}
