import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { useEffect, useId, useRef, useState, type SubmitEvent } from "react";
import { toApiError } from "#api/api-error.ts";
import { sessionQuery, signIn } from "#api/session.ts";
import { safeReturnPath } from "#lib/return-path.ts";
import { Button } from "#ui/button.tsx";
import { Centre } from "#ui/centre.tsx";
import { TextField } from "#ui/field.tsx";
import { FailureNotice } from "./failure-notice.tsx";
import styles from "./sign-in.module.css";

const route = getRouteApi("/sign-in");

/** `/console/sign-in`: an API key for a session cookie. The key lives in the field and in one request, nowhere else. */
export function SignInPage() {
  const { return: returnPath } = route.useSearch();
  const router = useRouter();
  const queryClient = useQueryClient();
  const [apiKey, setApiKey] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const errorId = useId();
  useEffect(() => field.current?.focus(), []);
  const attempt = useMutation({
    mutationFn: signIn,
    onSuccess: (session) => {
      // What was read under another session must not be shown in this one.
      queryClient.clear();
      queryClient.setQueryData(sessionQuery.queryKey, session);
      return router.navigate({ href: safeReturnPath(returnPath) ?? "/playground", replace: true });
    },
    onError: () => field.current?.select(),
  });

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (!attempt.isPending) attempt.mutate({ apiKey: apiKey.trim() });
  };

  return (
    <Centre title="Sign in">
      {returnPath === undefined || attempt.isError ? null : <p>Sign in to go on where you were.</p>}
      <form className={styles.form} onSubmit={submit}>
        <TextField
          ref={field}
          label="API key"
          type="password"
          name="api-key"
          value={apiKey}
          onChange={(event) => setApiKey(event.target.value)}
          autoComplete="current-password"
          spellCheck={false}
          required
          maxLength={512}
          errorId={attempt.isError ? errorId : undefined}
          hint={
            <>
              <code>./slipway up</code> prints one when it starts.
            </>
          }
        />
        {attempt.isError ? <FailureNotice id={errorId} error={toApiError(attempt.error)} /> : null}
        <Button type="submit" tone="primary" size="large" disabled={attempt.isPending}>
          {attempt.isPending ? "Signing in…" : "Sign in"}
        </Button>
      </form>
    </Centre>
  );
}
