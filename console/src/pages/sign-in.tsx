import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { useEffect, useId, useRef, useState, type SubmitEvent } from "react";
import { toApiError } from "#api/api-error.ts";
import { beginPath, sessionQuery, signIn } from "#api/session.ts";
import { safeReturnPath } from "#lib/return-path.ts";
import { Button, buttonClass } from "#ui/button.tsx";
import { Centre } from "#ui/centre.tsx";
import { TextField } from "#ui/field.tsx";
import { Notice } from "#ui/notice.tsx";
import { FailureNotice } from "./failure-notice.tsx";
import styles from "./sign-in.module.css";

const route = getRouteApi("/sign-in");

/** Why an issuer's sign-in led back here, for whoever tried. */
const PROBLEMS: Readonly<Record<string, { readonly title: string; readonly hint: string }>> = {
  expired: { title: "The sign-in took too long, or began in another window.", hint: "Begin again from here." },
  refused: { title: "The sign-in was refused or cancelled.", hint: "Begin again, or sign in with an API key." },
  not_allowed: {
    title: "You are known there, but not let in here.",
    hint: "Ask an owner or admin of this server to add your e-mail address.",
  },
  failed: { title: "The sign-in did not succeed.", hint: "Try again; if it fails again, the server's log says why." },
};

function SignInProblem({ problem }: { readonly problem: string | undefined }) {
  const told = problem === undefined ? undefined : PROBLEMS[problem];
  return told ? <Notice tone="danger" title={told.title} hint={told.hint} /> : null;
}

/** Links, not buttons: they lead away from the console, to the issuer and back. */
function Issuers({ page }: { readonly page: string }) {
  const issuers = route.useLoaderData();
  if (issuers.length === 0) return null;
  return (
    <ul className={styles.issuers} aria-label="Other ways to sign in">
      {issuers.map(({ name, label }) => (
        <li key={name}>
          <a className={buttonClass("secondary", "large")} href={beginPath(name, page)}>
            Sign in with {label}
          </a>
        </li>
      ))}
    </ul>
  );
}

/** `/console/sign-in`: an API key for a session cookie. The key lives in the field and in one request, nowhere else. */
export function SignInPage() {
  const { return: returnPath, problem } = route.useSearch();
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
      <SignInProblem problem={attempt.isIdle ? problem : undefined} />
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
      <Issuers page={safeReturnPath(returnPath) ?? "/playground"} />
    </Centre>
  );
}
