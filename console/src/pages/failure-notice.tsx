import type { ReactNode } from "react";
import type { ApiError } from "#api/api-error.ts";
import { Notice } from "#ui/notice.tsx";

interface FailureNoticeProps {
  readonly error: ApiError;
  readonly action?: ReactNode;
  readonly id?: string;
}

/** A failed request, with what to do next and what to tell whoever runs the server. */
export function FailureNotice({ error, action, id }: FailureNoticeProps) {
  const facts = error.requestId === undefined ? error.code : `${error.code} · request ${error.requestId}`;
  return (
    <Notice
      tone="danger"
      title={error.message}
      facts={facts}
      action={action}
      {...(error.hint === undefined ? {} : { hint: error.hint })}
      {...(id === undefined ? {} : { id })}
    />
  );
}
