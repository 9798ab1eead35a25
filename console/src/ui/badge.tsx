import styles from "./badge.module.css";

/** The state of a thing in a word; `plain` says what it is and not how it is. */
export function Badge({ tone, children }: { readonly tone: "good" | "danger" | "plain"; readonly children: string }) {
  return <span className={[styles.badge, styles[tone]].join(" ")}>{children}</span>;
}
