import type { ReactNode } from "react";
import styles from "./centre.module.css";
import { Logo } from "./logo.tsx";

/** A page with one thing on it: the mark above a panel, in the middle of the window. */
export function Centre({ children }: { readonly children: ReactNode }) {
  return (
    <main className={styles.centre}>
      <div className={styles.column}>
        <Logo />
        <div className={styles.panel}>{children}</div>
      </div>
    </main>
  );
}
