/** A record as the text that will be written of it: what waits is small, and a group of them is put together at once. */
export interface RecordLine {
  readonly tenantId: string;
  readonly text: string;
  /** What it says, by name: for whoever must keep it elsewhere. */
  fields(): Readonly<Record<string, unknown>>;
}
