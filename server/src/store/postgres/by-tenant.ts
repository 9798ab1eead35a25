/** Items of several tenants, apart: each tenant with its own, in the order in which they came. */
export function byTenant<Item extends { readonly tenantId: string }>(
  items: readonly Item[],
): ReadonlyMap<string, readonly Item[]> {
  return Map.groupBy(items, (item) => item.tenantId);
}
