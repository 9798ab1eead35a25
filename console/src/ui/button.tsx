import type { ButtonHTMLAttributes, ReactNode } from "react";
import styles from "./button.module.css";

/** How much a button asks for attention. At most one primary a view; `danger` takes away what does not come back. */
export type ButtonTone = "primary" | "secondary" | "quiet" | "danger";
export type ButtonSize = "small" | "normal" | "large";

/** The class names of a button, for links that look like one. */
export function buttonClass(tone: ButtonTone = "secondary", size: ButtonSize = "normal"): string {
  return [styles.button, styles[tone], size === "normal" ? "" : styles[size]].join(" ");
}

/** A label that leaves only the icon beside it on a narrow screen; assistive technology still reads it. */
export function RoomyLabel({ children }: { readonly children: ReactNode }) {
  return <span className={styles.roomy}>{children}</span>;
}

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly tone?: ButtonTone;
  readonly size?: ButtonSize;
  readonly children: ReactNode;
}

/** A button. It submits a form only when told so by `type`. */
export function Button({ tone, size, type = "button", children, ...rest }: ButtonProps) {
  return (
    <button {...rest} type={type} className={buttonClass(tone, size)}>
      {children}
    </button>
  );
}
