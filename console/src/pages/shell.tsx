import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { isSignedOut, toApiError } from "#api/api-error.ts";
import { sessionQuery, signOut } from "#api/session.ts";
import { Button } from "#ui/button.tsx";
import { Icon } from "#ui/icon.tsx";
import { Logo } from "#ui/logo.tsx";
import { Notice } from "#ui/notice.tsx";
import { FailureNotice } from "./failure-notice.tsx";
import styles from "./shell.module.css";

/** What surrounds every page of a signed-in person: where they can go, and as whom they are here. */
export function Shell() {
  const { data: session } = useSuspenseQuery(sessionQuery);
  const main = useRef<HTMLElement>(null);
  useFocusOnNewPage(main);
  return (
    <div className={styles.shell}>
      <a
        className={styles.skip}
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to content
      </a>
      <header className={styles.header}>
        <div className={styles.brand}>
          <Logo />
        </div>
        <nav className={styles.nav} aria-label="Console">
          <Link to="/playground" className={styles.link} activeProps={{ "aria-current": "page" }}>
            <Icon name="playground" />
            Playground
          </Link>
          <Link to="/agents" className={styles.link} activeProps={{ "aria-current": "page" }}>
            <Icon name="agents" />
            Agents
          </Link>
        </nav>
        <Identity tenant={session.tenantId} keyName={session.keyName} release={session.release} />
      </header>
      <main ref={main} id="main" tabIndex={-1} className={styles.main}>
        {session.mock ? <MockBanner /> : null}
        <Outlet />
      </main>
    </div>
  );
}

function MockBanner() {
  return (
    <Notice
      banner
      tone="warn"
      title="Answers come from the mock model."
      hint={
        <>
          Set <code>OPENAI_API_KEY</code>, <code>ANTHROPIC_API_KEY</code> or <code>GEMINI_API_KEY</code> and start the
          server again to reach a real one.
        </>
      }
    />
  );
}

interface IdentityProps {
  readonly tenant: string;
  readonly keyName: string;
  readonly release: string;
}

function Identity({ tenant, keyName, release }: IdentityProps) {
  const leave = useMutation({
    mutationFn: signOut,
    // A whole page load, so that nothing of this session stays in memory.
    onSuccess: () => window.location.assign(`${import.meta.env.BASE_URL}sign-in`),
    onError: (error) => {
      if (isSignedOut(error)) window.location.assign(`${import.meta.env.BASE_URL}sign-in`);
    },
  });
  return (
    <div className={styles.identity}>
      <dl className={styles.who}>
        <div>
          <dt>Tenant</dt>
          <dd title={tenant}>{tenant}</dd>
        </div>
        <div>
          <dt>Key</dt>
          <dd title={keyName}>{keyName}</dd>
        </div>
        <div className={styles.release}>
          <dt>Release</dt>
          <dd title={release}>{release}</dd>
        </div>
      </dl>
      <div className={styles.leave}>
        <Button tone="quiet" onClick={() => leave.mutate()} disabled={leave.isPending}>
          <Icon name="signOut" />
          Sign out
        </Button>
      </div>
      {leave.isError ? <FailureNotice error={toApiError(leave.error)} /> : null}
    </div>
  );
}

/** After a change of page the keyboard goes on from its content, as after a page load, unless the page has put it somewhere itself. */
function useFocusOnNewPage(main: { readonly current: HTMLElement | null }): void {
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname });
  const shown = useRef(path);
  useEffect(() => {
    if (path === undefined || path === shown.current) return;
    const first = shown.current === undefined;
    shown.current = path;
    if (!first && !main.current?.contains(document.activeElement)) main.current?.focus({ preventScroll: true });
  }, [path, main]);
}
