import type { ReactNode } from "react";
import styles from "./centre.module.css";
import { Logo } from "./logo.tsx";
import { PageTitle } from "./page-header.tsx";

interface CentreProps {
  readonly title: string;
  readonly children: ReactNode;
}

/** A page with one thing on it: the mark above a panel, in the middle of the window. */
export function Centre({ title, children }: CentreProps) {
  return (
    <main className={styles.centre}>
      <PageTitle>{title}</PageTitle>
      <div className={styles.column}>
        <Logo />
        <div className={styles.panel}>
          <h1 className={styles.title}>{title}</h1>
          {children}
        </div>
      </div>
    </main>
  );
}
