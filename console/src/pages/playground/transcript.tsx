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
  const box = useRef<HTMLElement>(null);
  const following = useRef(true);
  const newestShown = useRef<number>(undefined);
  const [atEnd, setAtEnd] = useState(true);
  const lastId = turns.at(-1)?.id;

  useLayoutEffect(() => {
    const newest = turns.at(-1)?.id;
    // A new question is always shown, wherever the reader was.
    if (newest !== newestShown.current) following.current = true;
    newestShown.current = newest;
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
      <section ref={box} className={styles.box} onScroll={onScroll} tabIndex={0} aria-label="Conversation">
        {turns.length === 0 ? (
          empty
        ) : (
          <ol className={styles.turns} aria-busy={running}>
            {turns.map((turn) => (
              <TurnView key={turn.id} turn={turn} onRetry={turn.id === lastId && !running ? onRetry : undefined} />
            ))}
          </ol>
        )}
      </section>
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
