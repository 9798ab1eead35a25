import styles from "./waiting.module.css";

/** Says that something is on its way. */
export function Waiting({ label }: { readonly label: string }) {
  return (
    <span className={styles.waiting}>
      <span className={styles.dot} aria-hidden="true" />
      <span className={styles.dot} aria-hidden="true" />
      <span className={styles.dot} aria-hidden="true" />
      <span className="visually-hidden">{label}</span>
    </span>
  );
}
