import styles from "./logo.module.css";

/** The product's mark, a hull on its slipway, and name. */
export function Logo() {
  return (
    <span className={styles.logo}>
      <svg className={styles.mark} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
        <rect className={styles.tile} width="24" height="24" rx="6" />
        <path className={styles.hull} d="M4.5 11.5 17 8.2c1 1.9.6 4.3-1.2 5.5l-7.2 1.9c-2-.5-3.6-2-4.1-4.1Z" />
        <path className={styles.way} d="M5 19.2 19.5 15.3" />
      </svg>
      Slipway
    </span>
  );
}
