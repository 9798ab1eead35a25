/** The key that a request carries in this parameter of its query; undefined when there is none, or its path knows no such parameter. */
export function queryKey(url: string | undefined, parameter: string | undefined): string | undefined {
  const at = parameter === undefined ? -1 : (url?.indexOf("?") ?? -1);
  if (url === undefined || parameter === undefined || at === -1) return undefined;
  return new URLSearchParams(url.slice(at + 1)).get(parameter) ?? undefined;
}
