import styles from "./icon.module.css";

/** Outlines on a grid of 16. Drawn for this console. */
const PATHS = {
  playground: "M2.5 3.5h11v7.5H8.2L5 13.5V11H2.5z M5.5 6.2h5 M5.5 8.3h3",
  agents: "M3 5.5h10v7H3z M8 5.5V3 M6.2 8.3v1.2 M9.8 8.3v1.2 M1.5 8v2 M14.5 8v2",
  signOut: "M9.5 3H3.5v10h6 M7 8h6.5 M11.2 5.5 13.7 8l-2.5 2.5",
  plus: "M8 3v10 M3 8h10",
  edit: "M3 13h2.5L13 5.5 10.5 3 3 10.5z M9 4.5 11.5 7",
  trash: "M3 4.5h10 M6 4.5v-2h4v2 M4.5 4.5l.6 9h5.8l.6-9",
  copy: "M5.5 5.5h8v8h-8z M3.5 10.5h-1v-8h8v1",
  check: "m3 8.5 3.2 3.2L13 4.8",
  arrowUp: "M8 13V3.5 M4 7.2l4-4 4 4",
  arrowDown: "M8 3v9.5 M4 8.8l4 4 4-4",
  arrowRight: "M3 8h9.5 M8.8 4l4 4-4 4",
  stop: "M4.5 4.5h7v7h-7z",
  retry: "M13 8a5 5 0 1 1-1.6-3.7 M13 2.5v2.7h-2.7",
  chevron: "m4 6 4 4 4-4",
  warning: "M8 2.2 14.5 13.5h-13z M8 6.5v3 M8 11.3v.1",
  info: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z M8 7.3v3.5 M8 5.1v.1",
  terminal: "M2 3h12v10H2z M4.5 6l2 2-2 2 M8.5 10h3",
} as const;

export type IconName = keyof typeof PATHS;

/** A small picture beside a word. It says nothing by itself, so assistive technology skips it. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg
      className={styles.icon}
      viewBox="0 0 16 16"
      fill={name === "stop" ? "currentColor" : "none"}
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
