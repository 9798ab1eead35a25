import { useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { useEffect } from "react";
import { toApiError } from "#api/api-error.ts";
import { Button } from "#ui/button.tsx";
import { Centre } from "#ui/centre.tsx";
import { Icon } from "#ui/icon.tsx";
import { FailureNotice } from "./failure-notice.tsx";

/** How often a console without its server looks whether it is back. */
const LOOK_AGAIN_MS = 5_000;

/** What is shown when a page cannot be: most often, the server does not answer. It comes back by itself when the server does. */
export function FailurePage({ error: thrown }: ErrorComponentProps) {
  const router = useRouter();
  const error = toApiError(thrown);
  const away = error.code === "unreachable" || error.status >= 502;
  useEffect(() => {
    if (!away) return undefined;
    const timer = setInterval(() => void router.invalidate(), LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [away, router]);
  return (
    <Centre title={away ? "Server unreachable" : "This page failed"}>
      <FailureNotice error={error} />
      {away ? <p>The console looks again every few seconds.</p> : null}
      <Button tone="primary" size="large" onClick={() => void router.invalidate()}>
        <Icon name="retry" />
        Try again
      </Button>
    </Centre>
  );
}
