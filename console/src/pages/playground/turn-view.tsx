import { memo } from "react";
import { Button } from "#ui/button.tsx";
import { CopyButton } from "#ui/copy-button.tsx";
import { Icon } from "#ui/icon.tsx";
import { Waiting } from "#ui/waiting.tsx";
import { FailureNotice } from "../failure-notice.tsx";
import { AnswerText } from "./answer-text.tsx";
import type { AnswerTurn, Turn } from "./conversation.ts";
import { noteOf, statsOf } from "./answer-facts.ts";
import styles from "./turn-view.module.css";

interface TurnViewProps {
  readonly turn: Turn;
  /** Present on the last answer once it is over. */
  readonly onRetry?: (() => void) | undefined;
}

/** One turn of a conversation. Drawn again only when it changes, however long the conversation is. */
export const TurnView = memo(function TurnView({ turn, onRetry }: TurnViewProps) {
  if (turn.role === "user") {
    return (
      <li className={styles.user}>
        <h2 className="visually-hidden">You</h2>
        <p className={styles.said}>{turn.text}</p>
      </li>
    );
  }
  return (
    <li className={styles.answer}>
      <h2 className={styles.who}>{turn.model}</h2>
      {turn.phase === "waiting" ? <Waiting label="Waiting for the answer" /> : <AnswerText text={turn.text} />}
      {turn.error === undefined ? null : (
        <FailureNotice
          error={turn.error}
          action={onRetry === undefined ? undefined : <RetryButton onRetry={onRetry} />}
        />
      )}
      {turn.phase === "done" || turn.phase === "stopped" ? <AnswerFoot turn={turn} onRetry={onRetry} /> : null}
    </li>
  );
});

function AnswerFoot({ turn, onRetry }: { readonly turn: AnswerTurn; readonly onRetry?: (() => void) | undefined }) {
  const note = noteOf(turn);
  return (
    <div className={styles.foot}>
      {note === undefined ? null : <p className={styles.note}>{note}</p>}
      <p className={styles.stats}>{statsOf(turn)}</p>
      <div className={styles.actions}>
        {turn.text === "" ? null : <CopyButton label="Copy" what="this answer" text={() => turn.text} size="small" />}
        {onRetry === undefined ? null : (
          <Button tone="quiet" size="small" onClick={onRetry}>
            <Icon name="retry" />
            Ask again
          </Button>
        )}
      </div>
    </div>
  );
}

function RetryButton({ onRetry }: { readonly onRetry: () => void }) {
  return (
    <Button onClick={onRetry}>
      <Icon name="retry" />
      Retry
    </Button>
  );
}
