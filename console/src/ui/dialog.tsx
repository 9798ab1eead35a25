import { useEffect, useId, useRef, type ReactNode } from "react";
import { Button, type ButtonTone } from "./button.tsx";
import styles from "./dialog.module.css";

interface DialogProps {
  readonly title: string;
  /** The first control has the focus: let it be the one that does no harm. */
  readonly children: ReactNode;
  /** Called when it is closed, by {@link DialogClose} or Escape. */
  readonly onClose: () => void;
  readonly wide?: boolean;
}

/**
 * Something over the page that wants an answer, by the browser's own modal dialog: the keyboard stays in it, Escape leaves it, and what had
 * the focus before has it again.
 */
export function Dialog({ title, children, onClose, wide = false }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      className={[styles.dialog, wide ? styles.wide : ""].join(" ")}
      aria-labelledby={id}
      onClose={onClose}
    >
      <div className={styles.inner}>
        <h2 id={id} className={styles.title}>
          {title}
        </h2>
        {children}
      </div>
    </dialog>
  );
}

/** A button that closes the dialog around it and does nothing else. */
export function DialogClose({ tone, children }: { readonly tone?: ButtonTone; readonly children: string }) {
  return (
    <form method="dialog">
      <Button type="submit" {...(tone === undefined ? {} : { tone })}>
        {children}
      </Button>
    </form>
  );
}
