import { Link } from "@tanstack/react-router";
import { buttonClass } from "#ui/button.tsx";
import { Centre } from "#ui/centre.tsx";

/** What an address of the console shows that leads nowhere. */
export function NotFoundPage() {
  return (
    <Centre title="Page not found">
      <p>The address may be mistyped, or the page may have moved.</p>
      <Link to="/playground" className={buttonClass("primary", "large")}>
        Go to the playground
      </Link>
    </Centre>
  );
}
