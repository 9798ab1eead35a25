/** A statement with its values apart, so that no value is ever read as SQL. `Row` is what one row of its answer looks like. */
export interface Statement<Row> {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Only for the type checker. */
  readonly row?: Row;
}

// The parts of a template are the same array at every call of it, so a text is put together once.
const texts = new WeakMap<TemplateStringsArray, string>();

/**
 * Makes a statement of a template; every `${value}` becomes a bound parameter.
 *
 * @example
 * sql<{ name: string }>`select name from slipway.tenants where tenant_id = ${tenantId}`
 */
export function sql<Row>(parts: TemplateStringsArray, ...values: readonly unknown[]): Statement<Row> {
  let text = texts.get(parts);
  if (text === undefined) {
    text = parts.reduce((before, part, at) => `${before}$${at}${part}`);
    texts.set(parts, text);
  }
  return { text, values: values.map(storable) };
}

/**
 * PostgreSQL's text cannot hold U+0000 (https://www.postgresql.org/docs/current/datatype-character.html). A client may send
 * one in any name; replaced, it finds nothing and breaks no batch.
 */
function storable(value: unknown): unknown {
  if (typeof value === "string") return value.includes("\0") ? value.replaceAll("\0", "\uFFFD") : value;
  return Array.isArray(value) ? value.map(storable) : value;
}
