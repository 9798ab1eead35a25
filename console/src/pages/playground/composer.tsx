import {
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type Ref,
  type RefObject,
} from "react";
import { Button } from "#ui/button.tsx";
import { Icon } from "#ui/icon.tsx";
import styles from "./composer.module.css";

/** The writing field grows with its text up to this height, then scrolls. */
const MAX_HEIGHT_PX = 240;

/** What the page may do to the composer. */
export interface ComposerHandle {
  focus(): void;
}

interface ComposerProps {
  readonly running: boolean;
  /** False while nothing could be sent, for example before the models are known. */
  readonly ready: boolean;
  readonly onSend: (text: string) => void;
  readonly onStop: () => void;
  readonly ref?: Ref<ComposerHandle>;
}

/** A field that has the focus at first and is as high as its text. */
function useField(text: string): RefObject<HTMLTextAreaElement | null> {
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    // On a touch screen the focus would open the keyboard over the page.
    if (window.matchMedia("(pointer: fine)").matches) field.current?.focus();
  }, []);
  useLayoutEffect(() => {
    const element = field.current;
    if (element === null) return;
    element.style.height = "auto";
    if (text !== "") element.style.height = `${Math.min(element.scrollHeight, MAX_HEIGHT_PX)}px`;
  }, [text]);
  return field;
}

function Keys() {
  return (
    <p id="message-keys" className={styles.keys}>
      <kbd>Enter</kbd> sends, <kbd>Shift</kbd>+<kbd>Enter</kbd> breaks the line, <kbd>Esc</kbd> stops
    </p>
  );
}

/** Where the next message is written. Enter sends, Shift+Enter breaks the line; while an answer runs, the button stops it. */
export function Composer({ running, ready, onSend, onStop, ref }: ComposerProps) {
  const [text, setText] = useState("");
  const field = useField(text);
  useImperativeHandle(ref, () => ({ focus: () => field.current?.focus() }), [field]);
  // Sent before it could go, for example before the models are known: it goes as soon as it can, unless it is changed first.
  const waiting = useRef(false);
  useEffect(() => {
    if (ready && waiting.current) field.current?.form?.requestSubmit();
  }, [ready, field]);

  const send = (): void => {
    if (running || text.trim() === "") return;
    waiting.current = !ready;
    if (!ready) return;
    onSend(text);
    setText("");
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // Enter also ends the composition of a character (Japanese, Chinese, Korean); that one must not send.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };

  return (
    <form
      className={styles.composer}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <label className="visually-hidden" htmlFor="message">
        Message
      </label>
      <textarea
        ref={field}
        id="message"
        className={styles.field}
        rows={1}
        value={text}
        placeholder="Write a message"
        aria-describedby="message-keys"
        onChange={(event) => {
          waiting.current = false;
          setText(event.target.value);
        }}
        onKeyDown={onKeyDown}
      />
      <div className={styles.foot}>
        <Keys />
        {running ? (
          <Button tone="secondary" onClick={onStop}>
            <Icon name="stop" />
            Stop
          </Button>
        ) : (
          <Button type="submit" tone="primary" disabled={!ready || text.trim() === ""}>
            <Icon name="arrowUp" />
            Send
          </Button>
        )}
      </div>
    </form>
  );
}
