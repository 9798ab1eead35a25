import { useEffect, useLayoutEffect, useRef, useState, type ReactNode } from "react";
import { Button } from "#ui/button.tsx";
import { Icon } from "#ui/icon.tsx";
import type { Turn } from "./conversation.ts";
import styles from "./transcript.module.css";
import { TurnView } from "./turn-view.tsx";

/** Whoever is this close to the end is following the answer. */
const NEAR_END_PX = 40;

interface TranscriptProps {
  readonly turns: readonly Turn[];
  readonly running: boolean;
  readonly onRetry: () => void;
  /** Shown while nothing was said. */
  readonly empty: ReactNode;
}

/** The conversation so far. It follows a growing answer only while its end is in view, so that nobody is torn away from what they read. */
export function Transcript({ turns, running, onRetry, empty }: TranscriptProps) {
  const box = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const [atEnd, setAtEnd] = useState(true);
  const lastId = turns.at(-1)?.id;

  // A new question is always shown, wherever the reader was.
  useLayoutEffect(() => {
    following.current = true;
  }, [lastId]);
  useLayoutEffect(() => {
    if (following.current) scrollToEnd(box.current);
  }, [turns]);
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    // The box also changes its height, when the composer grows or the window does.
    const observer = new ResizeObserver(() => {
      if (following.current) scrollToEnd(element);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const onScroll = (): void => {
    const element = box.current;
    if (element === null) return;
    following.current = element.scrollHeight - element.scrollTop - element.clientHeight <= NEAR_END_PX;
    setAtEnd(following.current);
  };

  return (
    <div className={styles.frame}>
      <div ref={box} className={styles.box} onScroll={onScroll} tabIndex={0} role="region" aria-label="Conversation">
        {turns.length === 0 ? (
          empty
        ) : (
          <ol className={styles.turns} aria-busy={running}>
            {turns.map((turn) => (
              <TurnView key={turn.id} turn={turn} onRetry={turn.id === lastId && !running ? onRetry : undefined} />
            ))}
          </ol>
        )}
      </div>
      {atEnd ? null : (
        <div className={styles.jump}>
          <Button
            onClick={() => {
              following.current = true;
              scrollToEnd(box.current);
            }}
          >
            <Icon name="arrowDown" />
            To the end
          </Button>
        </div>
      )}
    </div>
  );
}

function scrollToEnd(element: HTMLElement | null): void {
  if (element !== null) element.scrollTop = element.scrollHeight;
}
