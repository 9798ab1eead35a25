/** Changes of a release by kind, in the order in which they were made. */
export interface Changes {
  readonly breaking: readonly string[];
  readonly features: readonly string[];
  readonly fixes: readonly string[];
  readonly others: readonly string[];
}

// type(scope)!: subject, as https://www.conventionalcommits.org/en/v1.0.0/ has it.
const SUBJECT = /^(?<type>[a-z]+)(?:\((?<scope>[^()]+)\))?(?<breaking>!)?: (?<text>.+)$/;

/** Sorts the first lines of commits. What follows no convention is among the others, as it stands. */
export function groupChanges(subjects: readonly string[]): Changes {
  const breaking: string[] = [];
  const features: string[] = [];
  const fixes: string[] = [];
  const others: string[] = [];
  for (const subject of subjects) {
    const { type, scope, breaking: mark, text = subject } = SUBJECT.exec(subject.trim())?.groups ?? {};
    const line = scope === undefined ? text : `${scope}: ${text}`;
    if (mark !== undefined) breaking.push(line);
    else if (type === "feat") features.push(line);
    else if (type === "fix") fixes.push(line);
    else others.push(line);
  }
  return { breaking, features, fixes, others };
}
