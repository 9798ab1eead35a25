import type { QueryClient } from "@tanstack/react-query";
import type { AnyRouter } from "@tanstack/react-router";

/** Goes to the sign-in page because the session is over, with the way back. Does nothing when that page is already shown. */
export function leaveForSignIn(router: AnyRouter, queryClient: QueryClient): void {
  const { pathname, href } = router.latestLocation;
  if (pathname === "/sign-in") return;
  void router
    .navigate({ to: "/sign-in", search: { return: href }, replace: true })
    // Only then, for a page that is still shown would ask again for what is forgotten.
    .then(() => queryClient.clear());
}
