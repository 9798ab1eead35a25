import styles from "./badge.module.css";

/** The state of a thing in a word. */
export function Badge({ tone, children }: { readonly tone: "good" | "danger"; readonly children: string }) {
  return <span className={[styles.badge, styles[tone]].join(" ")}>{children}</span>;
}
