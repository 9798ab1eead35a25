import type { ReactNode } from "react";
import styles from "./page-header.module.css";

interface PageHeaderProps {
  readonly title: string;
  /** A few words beside the title, such as a count. */
  readonly summary?: string | undefined;
  readonly actions?: ReactNode;
}

/** The top of a page: its heading, what can be done with the page as a whole, and the title of the browser's tab. */
export function PageHeader({ title, summary, actions }: PageHeaderProps) {
  return (
    <div className={styles.header}>
      <PageTitle>{title}</PageTitle>
      <div>
        <h1 className={styles.title}>
          {title}
          {summary === undefined ? null : <span className={styles.summary}>{summary}</span>}
        </h1>
      </div>
      {actions === undefined ? null : <div className={styles.actions}>{actions}</div>}
    </div>
  );
}

/** Sets the title of the browser's tab. */
export function PageTitle({ children }: { readonly children: string }) {
  return <title>{`${children} · Slipway`}</title>;
}
