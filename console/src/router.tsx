import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { readAgent } from "#api/agents.ts";
import { isSignedOut } from "#api/api-error.ts";
import { sessionQuery, signInIssuers } from "#api/session.ts";
import { safeReturnPath } from "#lib/return-path.ts";
import { FailurePage } from "#pages/failure.tsx";
import { NotFoundPage } from "#pages/not-found.tsx";
import { Shell } from "#pages/shell.tsx";

const rootRoute = createRootRouteWithContext<{ readonly queryClient: QueryClient }>()({
  notFoundComponent: NotFoundPage,
  errorComponent: FailurePage,
});

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in",
  validateSearch: (search): { return?: string; problem?: string } => {
    const path = safeReturnPath(search["return"]);
    const { problem } = search;
    return {
      ...(path === undefined ? {} : { return: path }),
      ...(typeof problem === "string" ? { problem } : {}),
    };
  },
  beforeLoad: async ({ context, search }) => {
    // Whoever was sent here has no session; only somebody who came by themselves may have one.
    if (search.return !== undefined) return;
    const session = await context.queryClient.query({ ...sessionQuery, staleTime: 0 }).catch(() => undefined);
    if (session !== undefined) throw redirect({ to: "/playground", replace: true });
  },
  loader: ({ abortController }) => signInIssuers(abortController.signal),
  component: lazyRouteComponent(() => import("#pages/sign-in.tsx"), "SignInPage"),
});

const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "shell",
  beforeLoad: async ({ context, location }) => {
    try {
      await context.queryClient.query({ ...sessionQuery, staleTime: "static" });
    } catch (error) {
      if (!isSignedOut(error)) throw error;
      throw redirect({ to: "/sign-in", search: { return: location.href }, replace: true });
    }
  },
  component: Shell,
});

const indexRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/playground", replace: true });
  },
});

const playgroundRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/playground",
  validateSearch: (search): { model?: string } => {
    const model = search["model"];
    return typeof model === "string" && model !== "" ? { model } : {};
  },
  component: lazyRouteComponent(() => import("#pages/playground/playground.tsx"), "PlaygroundPage"),
});

const agentsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/agents",
  component: lazyRouteComponent(() => import("#pages/agents/agents.tsx"), "AgentsPage"),
});

const newAgentRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/agents/new",
  component: lazyRouteComponent(() => import("#pages/agents/new-agent.tsx"), "NewAgentPage"),
});

const editAgentRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/agents/$name/edit",
  // Read anew whenever the page is opened: what is changed must be what is there.
  staleTime: 0,
  preload: false,
  gcTime: 0,
  loader: ({ params, abortController }) => readAgent(params.name, abortController.signal),
  component: lazyRouteComponent(() => import("#pages/agents/edit-agent.tsx"), "EditAgentPage"),
});

const routeTree = rootRoute.addChildren([
  signInRoute,
  indexRoute,
  shellRoute.addChildren([playgroundRoute, agentsRoute, newAgentRoute, editAgentRoute]),
]);

/** The router of the console: a page's path is its address under the base that the console is served at. */
export function createConsoleRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    basepath: import.meta.env.BASE_URL,
    context: { queryClient },
    defaultPreload: "intent",
    defaultErrorComponent: FailurePage,
    defaultNotFoundComponent: NotFoundPage,
  });
}

export type ConsoleRouter = ReturnType<typeof createConsoleRouter>;

declare module "@tanstack/react-router" {
  interface Register {
    router: ConsoleRouter;
  }
}
