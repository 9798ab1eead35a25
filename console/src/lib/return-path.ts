/**
 * The page to go back to after signing in, or undefined when the value names anything but a page of this console.
 * It comes from the address bar, so it may be anybody's: only a path on this origin is taken, never `//host`, `/\host`
 * or a scheme.
 */
export function safeReturnPath(value: unknown): string | undefined {
  if (typeof value !== "string" || value.length > 2000 || !value.startsWith("/")) return undefined;
  const base = "http://console.invalid";
  let url: URL;
  try {
    url = new URL(value, base);
  } catch {
    return undefined;
  }
  if (url.origin !== base) return undefined;
  const path = url.pathname + url.search;
  // Normalising can itself produce a network path: "/.//host" becomes "//host".
  return path.startsWith("//") || url.pathname === "/sign-in" ? undefined : path;
}
