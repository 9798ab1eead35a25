import { Link } from "@tanstack/react-router";
import { buttonClass } from "#ui/button.tsx";
import { Centre } from "#ui/centre.tsx";
import { PageTitle } from "#ui/page-header.tsx";
import styles from "./not-found.module.css";

/** What an address of the console shows that leads nowhere. */
export function NotFoundPage() {
  return (
    <Centre>
      <PageTitle>Page not found</PageTitle>
      <h1 className={styles.title}>There is no such page</h1>
      <p className={styles.text}>The address may be mistyped, or the page may have moved.</p>
      <Link to="/playground" className={buttonClass("primary", "large")}>
        Go to the playground
      </Link>
    </Centre>
  );
}
