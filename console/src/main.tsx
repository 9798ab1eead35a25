import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError, isSignedOut } from "#api/api-error.ts";
import { createConsoleRouter } from "./router.tsx";
import { leaveForSignIn } from "./sign-in-redirect.ts";
import "#ui/base.css";

const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (isSignedOut(error)) leaveForSignIn(router, queryClient);
    },
  }),
  defaultOptions: {
    queries: {
      // What the server has refused it refuses again; only a missing answer is worth one more try.
      retry: (failures, error) => failures < 1 && error instanceof ApiError && error.status === 0,
      retryDelay: 500,
    },
  },
});

const router = createConsoleRouter(queryClient);

const container = document.getElementById("root");
if (container === null) throw new Error("The page has no element with the id root.");
createRoot(container).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
