import type { ReactNode } from "react";
import { Icon } from "./icon.tsx";
import styles from "./notice.module.css";

interface NoticeProps {
  readonly tone: "danger" | "warn";
  /** What happened, in a sentence. */
  readonly title: ReactNode;
  /** What to do next. */
  readonly hint?: ReactNode;
  /** Codes and ids for whoever looks into it. */
  readonly facts?: string | undefined;
  readonly action?: ReactNode;
  readonly id?: string;
  /** Lies along the top of a panel, from edge to edge, in one line where there is room. */
  readonly banner?: boolean;
}

/** Something that the reader must know, in place. A danger is announced at once. */
export function Notice({ tone, title, hint, facts, action, id, banner = false }: NoticeProps) {
  return (
    <div
      id={id}
      className={[styles.notice, styles[tone], banner ? styles.banner : ""].join(" ")}
      role={tone === "danger" ? "alert" : "note"}
    >
      <Icon name={tone === "danger" ? "warning" : "info"} />
      <div className={styles.body}>
        <p className={styles.title}>{title}</p>
        {hint === undefined ? null : <p className={styles.hint}>{hint}</p>}
        {facts === undefined ? null : <p className={styles.facts}>{facts}</p>}
      </div>
      {action === undefined ? null : <div className={styles.action}>{action}</div>}
    </div>
  );
}
